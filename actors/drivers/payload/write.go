package payload

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Write returns the payload that writes a value to the resource. The error is ErrInvalid: the value is not of the resource's type, or
// cannot stand in its template.
func (c *Codec) Write(v *roostv1.Value) ([]byte, error) {
	if c.template == nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s cannot be written", c.resource.GetName())
	}
	v, err := roostv1.Convert(v, c.resource.GetType())
	if err != nil {
		return nil, err
	}
	if v, err = c.unscaled(v); err != nil {
		return nil, err
	}
	return c.template.Fill(map[string]*roostv1.Value{"value": v})
}

// plain returns a value as it stands alone.
func plain(v *roostv1.Value, w words) []byte {
	switch k := v.GetKind().(type) {
	case *roostv1.Value_Bool:
		return []byte(w.of(k.Bool))
	case *roostv1.Value_Int:
		return strconv.AppendInt(nil, k.Int, 10)
	case *roostv1.Value_Uint:
		return strconv.AppendUint(nil, k.Uint, 10)
	case *roostv1.Value_Double:
		return number(k.Double)
	case *roostv1.Value_String_:
		return []byte(k.String_)
	}
	if w.bytes == "" {
		return bytes.Clone(v.GetBytes())
	}
	return []byte(w.textOf(v.GetBytes()))
}

// plainInText returns a value as it stands between other text.
func plainInText(name string, v *roostv1.Value, w words) ([]byte, error) {
	text := plain(v, w)
	if bytes.ContainsFunc(text, unicode.IsControl) {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "{%s} is %s, and control characters cannot stand within other text", name, v.Format())
	}
	return text, nil
}

// asJSON returns a value as a JSON value.
func asJSON(v *roostv1.Value, w words) ([]byte, error) {
	switch k := v.GetKind().(type) {
	case *roostv1.Value_Bool:
		if word := w.of(k.Bool); json.Valid([]byte(word)) {
			return []byte(word), nil
		}
	case *roostv1.Value_Int, *roostv1.Value_Uint, *roostv1.Value_Double:
		return plain(v, w), nil
	}
	return quote(v, w)
}

// inQuotes returns a value as it stands within a JSON text.
func inQuotes(v *roostv1.Value, w words) ([]byte, error) {
	text, err := quote(v, w)
	if err != nil {
		return nil, err
	}
	return text[1 : len(text)-1], nil
}

// quote returns a value as a JSON text.
func quote(v *roostv1.Value, w words) ([]byte, error) {
	text := string(plain(v, w))
	if v.Type() == roostv1.ValueType_VALUE_TYPE_BYTES {
		text = w.textOf(v.GetBytes())
	}
	var to bytes.Buffer
	encoder := json.NewEncoder(&to)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return nil, err
	}
	return bytes.TrimRight(to.Bytes(), "\n"), nil
}

func (w words) of(yes bool) string {
	switch {
	case !w.given():
		return strconv.FormatBool(yes)
	case yes:
		return w.yes
	}
	return w.no
}

// number returns the shortest digits that are this number, with an exponent only where there would be many; it is JSON.
func number(f float64) []byte {
	if size := math.Abs(f); size == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(nil, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(nil, f, 'e', -1, 64)
}
