package roostv1

import (
	"fmt"
	"unicode/utf8"
)

// flaw is what keeps a value from being of a type. It is a number and not an error,
// as readings are checked far more often than anybody reads what was wrong.
type flaw uint8

const (
	flawNone      flaw = iota
	flawMissing        // there is no value
	flawType           // another kind of thing: text for a number
	flawNotFinite      // NaN or an infinity
	flawFraction       // a fraction for an integer
	flawNegative       // below zero for a UINT
	flawRange          // beyond the ends of an integer type
	flawDigits         // an integer that no DOUBLE is exactly
	flawText           // text that is not UTF-8
	flawLong           // longer than MaxValue
)

// describe says what is wrong with v where a t is needed, starting with the value.
func (f flaw) describe(v *Value, t ValueType) string {
	shown := brief(v)
	switch f {
	case flawMissing:
		return "no value, where " + t.noun() + " is needed"
	case flawType:
		return fmt.Sprintf("%s is %s, not %s", shown, v.Type().noun(), t.noun())
	case flawNotFinite:
		return shown + " is not a finite number"
	case flawFraction:
		return fmt.Sprintf("%s is not a whole number, as %s must be", shown, t.noun())
	case flawNegative:
		return fmt.Sprintf("%s is below zero, which %s cannot be", shown, t.noun())
	case flawRange:
		return fmt.Sprintf("%s is outside of the range of %s", shown, t.noun())
	case flawDigits:
		return fmt.Sprintf("%s would lose digits as %s", shown, t.noun())
	case flawText:
		return shown + " is not UTF-8 text"
	case flawLong:
		return fmt.Sprintf("%s is longer than %d bytes", shown, MaxValue)
	default:
		return shown + " is fine"
	}
}

// noun returns the type with its article.
func (x ValueType) noun() string {
	switch x {
	case ValueType_VALUE_TYPE_INT:
		return "an INT"
	case ValueType_VALUE_TYPE_BYTES:
		return "BYTES"
	case ValueType_VALUE_TYPE_UNSPECIFIED:
		return "a value of no type"
	case ValueType_VALUE_TYPE_BOOL, ValueType_VALUE_TYPE_UINT, ValueType_VALUE_TYPE_DOUBLE, ValueType_VALUE_TYPE_STRING:
		return "a " + x.Word()
	default:
		return "a value of type " + x.Word()
	}
}

// brief formats a value for the middle of a sentence, however long it is.
func brief(v *Value) string {
	const most = 64
	if k, ok := v.GetKind().(*Value_String_); ok && len(k.String_) > most {
		return formatText(cut(k.String_, most)) + "..."
	}
	return v.Format()
}

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
