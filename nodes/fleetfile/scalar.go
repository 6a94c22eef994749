package fleetfile

import (
	"math"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// scalar reads a value that is no message.
func (p *parser) scalar(n *yaml.Node, to slot) (v protoreflect.Value, ok bool) {
	if !p.isScalar(n, to, expected(to)) {
		return v, false
	}
	switch to.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(n.Value), true
	case protoreflect.EnumKind:
		return p.enum(n, to)
	case protoreflect.BoolKind:
		if n.ShortTag() != "!!bool" {
			p.report(n, "%s: expected true or false, got %s", to.label, describe(n))
			return v, false
		}
		return protoreflect.ValueOfBool(strings.EqualFold(n.Value, "true")), true
	default:
		return p.number(n, to)
	}
}

// isScalar reports what is no scalar, or one of a type that YAML leaves to programs.
func (p *parser) isScalar(n *yaml.Node, to slot, expected string) bool {
	switch {
	case n.Kind != yaml.ScalarNode:
		p.report(n, "%s: expected %s, got %s", to.label, expected, describe(n))
	case !strings.HasPrefix(n.ShortTag(), "!!"):
		p.report(n, "%s: the tag %s means nothing here", to.label, quote(n.Tag))
	default:
		return true
	}
	return false
}

// expected names the type of a slot.
func expected(to slot) string {
	switch to.Kind() {
	case protoreflect.StringKind:
		return "text"
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.EnumKind:
		return "one of " + strings.Join(enumNames(to.Enum()), ", ")
	default:
		return "a number"
	}
}

// number reads a number, which may be quoted as protobuf's JSON does, or bytes.
func (p *parser) number(n *yaml.Node, to slot) (v protoreflect.Value, ok bool) {
	parsed, err := roostv1.ParseValue(typeOf(to.Kind()), n.Value)
	if err != nil {
		p.report(n, "%s: %v", to.label, err)
		return v, false
	}
	switch parsed := parsed.GetKind().(type) {
	case *roostv1.Value_Int:
		return protoreflect.ValueOfInt64(parsed.Int), true
	case *roostv1.Value_Double:
		return protoreflect.ValueOfFloat64(parsed.Double), true
	case *roostv1.Value_Bytes:
		return protoreflect.ValueOfBytes(parsed.Bytes), true
	case *roostv1.Value_Uint:
		if to.Kind() == protoreflect.Uint64Kind {
			return protoreflect.ValueOfUint64(parsed.Uint), true
		}
		if parsed.Uint <= math.MaxUint32 {
			return protoreflect.ValueOfUint32(uint32(parsed.Uint)), true
		}
	}
	p.report(n, "%s: %s is larger than %d", to.label, short(n.Value), uint32(math.MaxUint32))
	return v, false
}

// typeOf returns the type as which the text of a field of that kind is read. The
// schema has no other kinds, which a test keeps.
func typeOf(kind protoreflect.Kind) roostv1.ValueType {
	switch kind {
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		return roostv1.ValueType_VALUE_TYPE_UINT
	case protoreflect.Int64Kind, protoreflect.Sint64Kind:
		return roostv1.ValueType_VALUE_TYPE_INT
	case protoreflect.DoubleKind:
		return roostv1.ValueType_VALUE_TYPE_DOUBLE
	case protoreflect.BytesKind:
		return roostv1.ValueType_VALUE_TYPE_BYTES
	default:
		return roostv1.ValueType_VALUE_TYPE_UNSPECIFIED
	}
}

// duration reads a number with a unit, or several.
func (p *parser) duration(n *yaml.Node, to slot) (v protoreflect.Value, ok bool) {
	const want = "a duration such as 90s, 1m30s or 200ms"
	if !p.isScalar(n, to, want) {
		return v, false
	}
	d, err := time.ParseDuration(n.Value)
	if err == nil {
		return protoreflect.ValueOfMessage(durationpb.New(d).ProtoReflect()), true
	}
	if tag := n.ShortTag(); tag == "!!int" || tag == "!!float" {
		p.report(n, "%s: %s has no unit: write %[2]ss for seconds", to.label, short(n.Value))
		return v, false
	}
	p.report(n, "%s: expected %s, got %s", to.label, want, describe(n))
	return v, false
}

// value reads the short form of a roost.v1.Value: a scalar, typed as YAML types it.
func (p *parser) value(n *yaml.Node, to slot) (v protoreflect.Value, ok bool) {
	if !p.isScalar(n, to, "a value") {
		return v, false
	}
	value, err := shortValue(n)
	if err != nil {
		p.report(n, "%s: %v", to.label, err)
		return v, false
	}
	return protoreflect.ValueOfMessage(value.ProtoReflect()), true
}

func shortValue(n *yaml.Node) (*roostv1.Value, error) {
	switch n.ShortTag() {
	case "!!bool":
		return roostv1.ParseValue(roostv1.ValueType_VALUE_TYPE_BOOL, n.Value)
	case "!!int":
		if value, err := roostv1.ParseValue(roostv1.ValueType_VALUE_TYPE_INT, n.Value); err == nil {
			return value, nil
		}
		return roostv1.ParseValue(roostv1.ValueType_VALUE_TYPE_UINT, n.Value)
	case "!!float":
		return roostv1.ParseValue(roostv1.ValueType_VALUE_TYPE_DOUBLE, n.Value)
	case "!!binary":
		return roostv1.ParseValue(roostv1.ValueType_VALUE_TYPE_BYTES, n.Value)
	default:
		return roostv1.Text(n.Value), nil
	}
}
