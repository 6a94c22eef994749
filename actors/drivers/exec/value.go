package exec

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// outgoing returns a value as it goes into a question.
func outgoing(v *roostv1.Value) any {
	switch k := v.GetKind().(type) {
	case *roostv1.Value_Bool:
		return k.Bool
	case *roostv1.Value_Int:
		return k.Int
	case *roostv1.Value_Uint:
		return k.Uint
	case *roostv1.Value_Double:
		return k.Double
	case *roostv1.Value_String_:
		return k.String_
	case *roostv1.Value_Bytes:
		return base64.StdEncoding.EncodeToString(k.Bytes)
	}
	return nil
}

// incoming returns a value of a type out of an answer. With no type, which is where nobody knows it, it is what it looks like.
func incoming(raw rawValue, t roostv1.ValueType) (*roostv1.Value, error) {
	v, err := literal(raw)
	if err != nil {
		return nil, err
	}
	if t == roostv1.ValueType_VALUE_TYPE_BYTES && v.Type() == roostv1.ValueType_VALUE_TYPE_STRING {
		b, err := base64.StdEncoding.DecodeString(v.GetString_())
		if err != nil {
			return nil, err
		}
		v = roostv1.Bytes(b)
	}
	if t == roostv1.ValueType_VALUE_TYPE_UNSPECIFIED {
		t = v.Type()
	}
	return roostv1.Convert(v, t)
}

// literal returns what JSON text is by itself. Integers keep all their digits.
func literal(raw rawValue) (*roostv1.Value, error) {
	switch raw[0] {
	case 't', 'f':
		return roostv1.Bool(raw[0] == 't'), nil
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
		return roostv1.Text(text), nil
	case '{', '[', 'n':
		return nil, errors.New("it is no value")
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return roostv1.Int(n), nil
	}
	if n, err := strconv.ParseUint(string(raw), 10, 64); err == nil {
		return roostv1.Uint(n), nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	return roostv1.Double(f), err
}

// detailed is a value with more to say about it.
type detailed struct {
	Value   rawValue `json:"value"`
	Quality string   `json:"quality"`
	Reason  string   `json:"reason"`
	Code    uint32   `json:"code"`
	Time    *float64 `json:"time"`
}

// sample returns the sample of a resource. The error says that the program broke the protocol; a value that is
// not of the resource's type is a sample of BAD quality.
func sample(r *roostv1.Resource, raw rawValue) (actors.Sample, error) {
	s := actors.Sample{Resource: r.GetName()}
	if raw[0] == '{' {
		var more detailed
		if err := decode(raw, &more); err != nil {
			return s, fmt.Errorf("%s: %w", s.Resource, err)
		}
		if err := more.qualify(&s); err != nil {
			return s, fmt.Errorf("%s: %w", s.Resource, err)
		}
		raw = more.Value
	}
	switch {
	case len(raw) == 0 || raw[0] == 'n':
		worsen(&s, roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE)
	default:
		v, err := incoming(raw, r.GetType())
		if err != nil {
			worsen(&s, roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR)
			s.Detail = fmt.Sprintf("%s came, where %s is expected", raw, r.GetType().Word())
		}
		s.Value = v
	}
	if s.Quality == roostv1.Quality_QUALITY_BAD && s.Reason == roostv1.QualityReason_QUALITY_REASON_UNSPECIFIED {
		s.Reason = roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT
	}
	return s, nil
}

// worsen says that there is no value, and why, where the program did not.
func worsen(s *actors.Sample, why roostv1.QualityReason) {
	s.Quality = roostv1.Quality_QUALITY_BAD
	if s.Reason == roostv1.QualityReason_QUALITY_REASON_UNSPECIFIED {
		s.Reason = why
	}
}

// qualify takes over what is said besides the value.
func (d *detailed) qualify(s *actors.Sample) error {
	if d.Quality != "" {
		s.Quality = roostv1.Quality(roostv1.Quality_value["QUALITY_"+strings.ToUpper(d.Quality)])
		if s.Quality == roostv1.Quality_QUALITY_UNSPECIFIED {
			return fmt.Errorf("quality %q is none of good, uncertain, bad", d.Quality)
		}
	}
	if d.Reason != "" {
		s.Reason = roostv1.QualityReason(roostv1.QualityReason_value["QUALITY_REASON_"+strings.ToUpper(d.Reason)])
		if s.Reason == roostv1.QualityReason_QUALITY_REASON_UNSPECIFIED {
			return fmt.Errorf("reason %q is none, such as sensor_fault, device_busy or not_connected", d.Reason)
		}
	}
	s.VendorCode = d.Code
	if d.Time != nil {
		const last = 1 << 33 // seconds, beyond the year 2200
		if *d.Time < 0 || *d.Time > last {
			return fmt.Errorf("time %v is not in seconds since 1970", *d.Time)
		}
		whole, part := math.Modf(*d.Time)
		s.Source = time.Unix(int64(whole), int64(part*1e9))
	}
	return nil
}
