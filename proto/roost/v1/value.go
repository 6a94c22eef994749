package roostv1

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxValue is the length in bytes of the longest STRING or BYTES value that a
// reading or a command may carry.
const MaxValue = 64 << 10

// Bool returns a BOOL value.
func Bool(v bool) *Value { return &Value{Kind: &Value_Bool{v}} }

// Int returns an INT value.
func Int(v int64) *Value { return &Value{Kind: &Value_Int{v}} }

// Uint returns a UINT value.
func Uint(v uint64) *Value { return &Value{Kind: &Value_Uint{v}} }

// Double returns a DOUBLE value. NaN and infinities can be held, but are refused
// wherever a value is checked. It takes one allocation, as most readings are such.
func Double(v float64) *Value {
	d := &struct {
		value Value
		kind  Value_Double
	}{}
	d.kind.Double, d.value.Kind = v, &d.kind
	return &d.value
}

// Text returns a STRING value.
func Text(v string) *Value { return &Value{Kind: &Value_String_{v}} }

// Bytes returns a BYTES value. It keeps v.
func Bytes(v []byte) *Value { return &Value{Kind: &Value_Bytes{v}} }

// Type returns the type of the value: VALUE_TYPE_UNSPECIFIED for nil and for a
// value with no kind set.
func (x *Value) Type() ValueType {
	switch x.GetKind().(type) {
	case *Value_Bool:
		return ValueType_VALUE_TYPE_BOOL
	case *Value_Int:
		return ValueType_VALUE_TYPE_INT
	case *Value_Uint:
		return ValueType_VALUE_TYPE_UINT
	case *Value_Double:
		return ValueType_VALUE_TYPE_DOUBLE
	case *Value_String_:
		return ValueType_VALUE_TYPE_STRING
	case *Value_Bytes:
		return ValueType_VALUE_TYPE_BYTES
	default:
		return ValueType_VALUE_TYPE_UNSPECIFIED
	}
}

// Number returns the value of an INT, UINT or DOUBLE as the nearest float64, and
// false for every other type. It is for plots and deadbands; limits are compared
// without rounding.
func (x *Value) Number() (float64, bool) {
	switch k := x.GetKind().(type) {
	case *Value_Int:
		return float64(k.Int), true
	case *Value_Uint:
		return float64(k.Uint), true
	case *Value_Double:
		return k.Double, true
	default:
		return 0, false
	}
}

// EqualValues reports whether a and b are the same value. Numbers are compared as
// numbers, without rounding: INT 5 equals DOUBLE 5. NaN equals nothing. No value
// equals no value.
func EqualValues(a, b *Value) bool {
	switch k := b.GetKind().(type) {
	case nil:
		return a.GetKind() == nil
	case *Value_Bool:
		got, ok := a.GetKind().(*Value_Bool)
		return ok && got.Bool == k.Bool
	case *Value_String_:
		got, ok := a.GetKind().(*Value_String_)
		return ok && got.String_ == k.String_
	case *Value_Bytes:
		got, ok := a.GetKind().(*Value_Bytes)
		return ok && bytes.Equal(got.Bytes, k.Bytes)
	default:
		return equalNumbers(a, b)
	}
}

// Format returns the value for people: numbers in their shortest form, text as it
// is unless it needs quotes to be seen for what it is, bytes in hex, and "-" for
// no value. The result has no control characters, whatever the value holds.
func (x *Value) Format() string {
	switch k := x.GetKind().(type) {
	case *Value_Bool:
		return strconv.FormatBool(k.Bool)
	case *Value_Int:
		return strconv.FormatInt(k.Int, 10)
	case *Value_Uint:
		return strconv.FormatUint(k.Uint, 10)
	case *Value_Double:
		return formatDouble(k.Double)
	case *Value_String_:
		return formatText(k.String_)
	case *Value_Bytes:
		return formatBytes(k.Bytes)
	default:
		return "-"
	}
}

// formatDouble avoids the exponent where people would: 1000000, not 1e+06.
func formatDouble(f float64) string {
	if size := math.Abs(f); size == 0 || size >= 1e-4 && size < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// formatText quotes what would be misread in a table or in a list of name=value:
// nothing at all, the dash that stands for no value, spaces, quotes, and what
// does not print.
func formatText(s string) string {
	odd := func(r rune) bool {
		return r == '"' || r == '=' || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r)
	}
	if s == "" || s == "-" || strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return s
}

func formatBytes(b []byte) string {
	const shown = 32
	if len(b) <= shown {
		return "0x" + hex.EncodeToString(b)
	}
	return fmt.Sprintf("0x%x... (%d bytes)", b[:shown], len(b))
}
