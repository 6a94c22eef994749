package roostv1

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// BodyEqual reports whether two commands ask for the same thing: all but their ids
// is equal. The same id with the same body is the same command, sent twice; with
// another body it is a conflict. INT 5 and DOUBLE 5 are different bodies, and so are
// a field that is unset and one that is set to its default.
func BodyEqual(a, b *Command) bool {
	if a == nil || b == nil {
		return a == b
	}
	return proto.Equal(withoutID(a), withoutID(b))
}

func withoutID(c *Command) *Command {
	c = proto.CloneOf(c)
	c.Id = ""
	return c
}

// known reports whether this version has a name for the enum's value: a sender may
// be newer.
func known(e protoreflect.Enum) bool {
	return e.Descriptor().Values().ByNumber(e.Number()) != nil
}
