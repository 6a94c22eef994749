package actors

import (
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// validText is a driver's text as one that can be recorded: what is not UTF-8 is replaced.
func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// validValue is a driver's value as one that can be recorded. The value itself is not changed.
func validValue(v *roostv1.Value) *roostv1.Value {
	if text, ok := v.GetKind().(*roostv1.Value_String_); ok {
		return roostv1.Text(validText(text.String_))
	}
	return v
}
