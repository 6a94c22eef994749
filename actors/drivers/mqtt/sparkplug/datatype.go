package sparkplug

import (
	"fmt"
	"slices"
)

// Type is a metric's datatype, by the number that Sparkplug gives it. Zero: none is said.
type Type uint32

// The datatypes whose values are read and written.
const (
	Int8     Type = 1
	Int16    Type = 2
	Int32    Type = 3
	Int64    Type = 4
	UInt8    Type = 5
	UInt16   Type = 6
	UInt32   Type = 7
	UInt64   Type = 8
	Float    Type = 9
	Double   Type = 10
	Boolean  Type = 11
	String   Type = 12
	DateTime Type = 13
	Text     Type = 14
	UUID     Type = 15
)

var names = [...]string{
	Int8: "Int8", Int16: "Int16", Int32: "Int32", Int64: "Int64", UInt8: "UInt8", UInt16: "UInt16", UInt32: "UInt32", UInt64: "UInt64",
	Float: "Float", Double: "Double", Boolean: "Boolean", String: "String", DateTime: "DateTime", Text: "Text", UUID: "UUID",
}

// Types are the names of the datatypes that are read and written.
func Types() []string { return slices.Clone(names[1:]) }

// TypeOf returns the datatype of a name, if it is one that is read and written.
func TypeOf(name string) (Type, bool) {
	at := slices.Index(names[1:], name)
	return Type(at + 1), at >= 0
}

// Supported tells whether values of the datatype are read and written.
func (t Type) Supported() bool { return t > 0 && int(t) < len(names) }

func (t Type) String() string {
	if t.Supported() {
		return names[t]
	}
	return fmt.Sprintf("datatype %d", uint32(t))
}

// bits is how wide an integer is; 0: it is none.
func (t Type) bits() (bits int, signed bool) {
	switch t {
	case Int8, Int16, Int32, Int64:
		return 8 << (t - Int8), true
	case UInt8, UInt16, UInt32, UInt64:
		return 8 << (t - UInt8), false
	case DateTime:
		return 64, false
	}
	return 0, false
}
