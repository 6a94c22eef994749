package cluster

import (
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// makeText replaces in all strings of a message what is not text.
func makeText(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.IsMap():
			makeMapText(field, v.Map())
		case field.IsList():
			for i := range v.List().Len() {
				if text, ok := textOf(field, v.List().Get(i)); ok {
					v.List().Set(i, text)
				}
			}
		default:
			if text, ok := textOf(field, v); ok {
				m.Set(field, text)
			}
		}
		return true
	})
}

// makeMapText makes the keys and the values of a map text. Of two keys that become the same, one stays.
func makeMapText(field protoreflect.FieldDescriptor, m protoreflect.Map) {
	var renamed []protoreflect.MapKey
	m.Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
		if text, ok := textOf(field.MapValue(), v); ok {
			m.Set(key, text)
		}
		if _, ok := textOf(field.MapKey(), key.Value()); ok {
			renamed = append(renamed, key)
		}
		return true
	})
	for _, key := range renamed {
		text, _ := textOf(field.MapKey(), key.Value())
		m.Set(text.MapKey(), m.Get(key))
		m.Clear(key)
	}
}

// textOf returns what a value is to be replaced by; false if it is text, or none at all. What is in a message is replaced
// there.
func textOf(field protoreflect.FieldDescriptor, v protoreflect.Value) (protoreflect.Value, bool) {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		makeText(v.Message())
	case protoreflect.StringKind:
		if s := v.String(); !utf8.ValidString(s) {
			return protoreflect.ValueOfString(strings.ToValidUTF8(s, string(utf8.RuneError))), true
		}
	}
	return v, false
}
