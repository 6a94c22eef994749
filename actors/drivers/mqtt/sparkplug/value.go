package sparkplug

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

var (
	errNull  = errors.New("it is null")
	errNone  = errors.New("it has no value")
	errField = errors.New("its value is in the field of another datatype")
)

// timeFormat is how a DateTime is text.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// Value returns what a metric of a datatype has: an INT, a UINT, a DOUBLE, a BOOL or a STRING. A DateTime is a UINT of milliseconds since 1970. It is not
// looked at whether the metric says another datatype. The error says why there is none.
func (m *Metric) Value(t Type) (*roostv1.Value, error) {
	switch {
	case m.Null:
		return nil, errNull
	case !t.Supported():
		return nil, fmt.Errorf("it is of %v, which is not supported", t)
	case m.kind == kindNone:
		return nil, errNone
	}
	switch t {
	case Float, Double:
		return m.number()
	case Boolean:
		if m.kind != kindBool {
			return nil, errField
		}
		return roostv1.Bool(m.bits != 0), nil
	case String, Text, UUID:
		if m.kind != kindText {
			return nil, errField
		}
		return roostv1.Text(m.text), nil
	}
	return m.integer(t)
}

// number returns a float: what it was before it was one, as far as that can be known.
func (m *Metric) number() (*roostv1.Value, error) {
	switch m.kind {
	case kindDouble:
		return roostv1.Double(math.Float64frombits(m.bits)), nil
	case kindFloat:
		f := float64(math.Float32frombits(uint32(m.bits)))
		if short, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64); err == nil {
			f = short
		}
		return roostv1.Double(f), nil
	}
	return nil, errField
}

// integer returns an integer, if it has room in its datatype.
func (m *Metric) integer(t Type) (*roostv1.Value, error) {
	if m.kind != kindInt && m.kind != kindLong {
		return nil, errField
	}
	bits, signed := t.bits()
	if !signed {
		if m.bits>>(bits-1)>>1 != 0 {
			return nil, fmt.Errorf("%d is more than a %v can be", m.bits, t)
		}
		return roostv1.Uint(m.bits), nil
	}
	extended := int64(m.bits)
	if m.kind == kindInt {
		extended = int64(int32(uint32(m.bits)))
	}
	if bits == 64 {
		return roostv1.Int(extended), nil
	}
	narrow := 64 - bits
	switch own := int64(m.bits<<narrow) >> narrow; {
	case own == extended, m.bits>>bits == 0: // extended to the field's width, or as wide as its datatype
		return roostv1.Int(own), nil
	}
	return nil, fmt.Errorf("%d has no room in an %v", extended, t)
}

// Of returns a metric with a value as its datatype has it. A DateTime takes milliseconds, or text as RFC 3339 has it. The error is ErrInvalid if the value
// does not fit; it is exact but for a Float, which takes the nearest one.
func Of(name string, t Type, v *roostv1.Value) (Metric, error) {
	m := Metric{Name: name, Type: t}
	var err error
	switch t {
	case Float, Double:
		err = m.setNumber(v)
	case Boolean:
		if v, err = roostv1.Convert(v, roostv1.ValueType_VALUE_TYPE_BOOL); v.GetBool() {
			m.bits = 1
		}
		m.kind = kindBool
	case String, Text, UUID:
		v, err = roostv1.Convert(v, roostv1.ValueType_VALUE_TYPE_STRING)
		m.kind, m.text = kindText, v.GetString_()
	default:
		err = m.setInteger(v)
	}
	if err != nil {
		return Metric{}, err
	}
	return m, nil
}

func (m *Metric) setNumber(v *roostv1.Value) error {
	v, err := roostv1.Convert(v, roostv1.ValueType_VALUE_TYPE_DOUBLE)
	if err != nil {
		return err
	}
	m.kind, m.bits = kindDouble, math.Float64bits(v.GetDouble())
	if m.Type == Float {
		f := float32(v.GetDouble())
		if math.IsInf(float64(f), 0) {
			return roostv1.Errorf(roostv1.ErrInvalid, "%s is more than a Float can be", v.Format())
		}
		m.kind, m.bits = kindFloat, uint64(math.Float32bits(f))
	}
	return nil
}

func (m *Metric) setInteger(v *roostv1.Value) error {
	bits, signed := m.Type.bits()
	if bits == 0 {
		return roostv1.Errorf(roostv1.ErrInvalid, "the metric is of %v, which cannot be written", m.Type)
	}
	if m.Type == DateTime && v.Type() == roostv1.ValueType_VALUE_TYPE_STRING {
		at, err := time.Parse(time.RFC3339Nano, v.GetString_())
		if err != nil {
			return roostv1.Errorf(roostv1.ErrInvalid, "%q is no time as RFC 3339 has it", v.GetString_())
		}
		v = roostv1.Int(at.UnixMilli())
	}
	m.kind = kindInt
	if bits == 64 || m.Type == UInt32 {
		m.kind = kindLong
	}
	if !signed {
		u, err := roostv1.Convert(v, roostv1.ValueType_VALUE_TYPE_UINT)
		if err == nil && u.GetUint()>>(bits-1)>>1 != 0 {
			err = roostv1.Errorf(roostv1.ErrInvalid, "%s is more than a %v can be", v.Format(), m.Type)
		}
		m.bits = u.GetUint()
		return err
	}
	i, err := roostv1.Convert(v, roostv1.ValueType_VALUE_TYPE_INT)
	if err != nil {
		return err
	}
	n := i.GetInt()
	if n<<(64-bits)>>(64-bits) != n {
		return roostv1.Errorf(roostv1.ErrInvalid, "%s has no room in an %v", v.Format(), m.Type)
	}
	m.bits = uint64(n)
	if m.kind == kindInt {
		m.bits &= 0xffffffff
	}
	return nil
}

// As turns the value of a metric of a datatype into the type of a resource. The error is ErrInvalid.
func As(v *roostv1.Value, t Type, want roostv1.ValueType) (*roostv1.Value, error) {
	if t == DateTime && want == roostv1.ValueType_VALUE_TYPE_STRING {
		at := moment(v.GetUint())
		if at.IsZero() {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s ms is no time", v.Format())
		}
		return roostv1.Text(at.UTC().Format(timeFormat)), nil
	}
	return roostv1.Convert(v, want)
}

// Fits tells whether a metric of a datatype can be a resource of a type.
func (t Type) Fits(want roostv1.ValueType) bool {
	bits, _ := t.bits()
	switch want {
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		return t == Boolean
	case roostv1.ValueType_VALUE_TYPE_STRING:
		return t == String || t == Text || t == UUID || t == DateTime
	case roostv1.ValueType_VALUE_TYPE_INT, roostv1.ValueType_VALUE_TYPE_UINT, roostv1.ValueType_VALUE_TYPE_DOUBLE:
		return bits > 0 || t == Float || t == Double
	}
	return false
}
