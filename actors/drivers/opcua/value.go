package opcua

import (
	"reflect"
	"strconv"
	"time"

	"github.com/gopcua/opcua/ua"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// decode returns what a server's value is in the profile's type; nil if it is none.
func decode(v *ua.Variant, element bool, t roostv1.ValueType) *roostv1.Value {
	if v == nil {
		return nil
	}
	raw := v.Value()
	if element {
		if raw = first(raw); raw == nil {
			return nil
		}
	}
	value := plain(raw)
	if value == nil {
		return nil
	}
	converted, err := roostv1.Convert(value, t)
	if err != nil {
		return nil
	}
	return converted
}

// first returns the only element of an array; nil if it is none or has others.
func first(raw any) any {
	array := reflect.ValueOf(raw)
	if array.Kind() != reflect.Slice || array.Len() != 1 {
		return nil
	}
	return array.Index(0).Interface()
}

// plain returns a server's value as one that Roost has; nil for what it has none for, as arrays and structures.
func plain(raw any) *roostv1.Value {
	switch v := raw.(type) {
	case bool:
		return roostv1.Bool(v)
	case int8:
		return roostv1.Int(int64(v))
	case int16:
		return roostv1.Int(int64(v))
	case int32:
		return roostv1.Int(int64(v))
	case int64:
		return roostv1.Int(v)
	case uint8:
		return roostv1.Uint(uint64(v))
	case uint16:
		return roostv1.Uint(uint64(v))
	case uint32:
		return roostv1.Uint(uint64(v))
	case uint64:
		return roostv1.Uint(v)
	case float32:
		return roostv1.Double(short(v))
	case float64:
		return roostv1.Double(v)
	case []byte:
		return roostv1.Bytes(v)
	}
	return text(raw)
}

// text returns what is text, or is best told as such.
func text(raw any) *roostv1.Value {
	switch v := raw.(type) {
	case string:
		return roostv1.Text(v)
	case *ua.Variant: // in an array of which each element has a type of its own
		return plain(v.Value())
	case *ua.LocalizedText:
		return roostv1.Text(v.Text)
	case *ua.QualifiedName:
		return roostv1.Text(v.Name)
	case ua.XMLElement:
		return roostv1.Text(string(v))
	case *ua.NodeID:
		return roostv1.Text(v.String())
	case *ua.GUID:
		return roostv1.Text(v.String())
	case time.Time:
		return roostv1.Text(v.Format(time.RFC3339Nano))
	case ua.StatusCode:
		return roostv1.Uint(uint64(v))
	}
	return nil
}

// short returns the shortest number that is this one among those of four bytes: 0.1, and not 0.10000000149011612. What was written as 0.1
// is then read as that.
func short(v float32) float64 {
	var digits [32]byte
	n, err := strconv.ParseFloat(string(strconv.AppendFloat(digits[:0], float64(v), 'g', -1, 32)), 64)
	if err != nil {
		return float64(v)
	}
	return n
}
