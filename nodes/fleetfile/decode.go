package fleetfile

import (
	"fmt"
	"iter"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxAliased bounds the nodes that aliases may stand for, all together. Aliases of
// lists of aliases could else make gigabytes of a few lines.
const maxAliased = 100_000

// decode reads the document into the fleet.
func (p *parser) decode(root *yaml.Node, fleet protoreflect.Message) {
	p.budget = size(root) + maxAliased
	p.message(root, "the file", fleet)
	p.broken.rest = len(p.problems) > p.broken.problems
	if p.budget < 0 {
		p.broken.rest = true
		p.report(root, "the aliases (*name) stand for more than %d values: write fewer of them", maxAliased)
	}
}

func fleetDescriptor() protoreflect.MessageDescriptor {
	return (*roostv1.Fleet)(nil).ProtoReflect().Descriptor()
}

// follow returns what an alias stands for; any other node is returned itself.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// message reads the fields of a mapping into m; what names it for the case that
// there is none.
func (p *parser) message(n *yaml.Node, what string, m protoreflect.Message) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		p.report(n, "%s: expected fields, got %s", what, describe(n))
		return
	}
	seen := make(map[protoreflect.FieldNumber]*yaml.Node, len(n.Content)/2)
	for key, value := range pairs(n) {
		field := p.fieldOf(key, m.Descriptor())
		if field == nil || !p.once(seen, field, key, m) {
			continue
		}
		if p.budget--; p.budget < 0 {
			return
		}
		p.field(value, field, m)
	}
}

// pairs goes through the keys and values of a mapping.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(follow(n.Content[i]), n.Content[i+1]) {
				return
			}
		}
	}
}

// once reports a field that was set before, by itself or by another of its oneof.
func (p *parser) once(seen map[protoreflect.FieldNumber]*yaml.Node, field protoreflect.FieldDescriptor, key *yaml.Node, m protoreflect.Message) bool {
	if first, again := seen[field.Number()]; again {
		p.report(key, "%s is there already, in line %d", field.Name(), first.Line)
		return false
	}
	seen[field.Number()] = key
	if choice := field.ContainingOneof(); choice != nil {
		if other := m.WhichOneof(choice); other != nil {
			p.report(key, "%s and %s exclude each other", other.Name(), field.Name())
			return false
		}
	}
	return true
}

// field reads a value into a field of m.
func (p *parser) field(value *yaml.Node, field protoreflect.FieldDescriptor, m protoreflect.Message) {
	switch n := follow(value); {
	case isNull(n):
	case field.IsList():
		p.list(n, field, m.Mutable(field).List())
	case field.IsMap():
		p.entries(n, field, m.Mutable(field).Map())
	default:
		if v, ok := p.single(n, slotOf(field), m.NewField(field)); ok {
			m.Set(field, v)
		}
	}
}

// list reads a sequence. An item that is wrong has its place in the list all the
// same, so that the others keep their numbers.
func (p *parser) list(n *yaml.Node, field protoreflect.FieldDescriptor, list protoreflect.List) {
	if n.Kind != yaml.SequenceNode {
		p.report(n, "%s: expected a list, got %s", field.Name(), describe(n))
		return
	}
	for i, item := range n.Content {
		if p.budget--; p.budget < 0 {
			return
		}
		before := len(p.problems)
		v, ok := list.NewElement(), true
		if item = follow(item); isNull(item) {
			p.report(item, "%s: the item is empty", field.Name())
		} else {
			v, ok = p.single(item, slotOf(field), v)
		}
		if !ok {
			v = list.NewElement()
		}
		list.Append(v)
		if field.ContainingMessage() == fleetDescriptor() {
			p.broken.item(field, i, len(p.problems)-before)
		}
	}
}

// entries reads a mapping whose keys are not fields but text.
func (p *parser) entries(n *yaml.Node, field protoreflect.FieldDescriptor, entries protoreflect.Map) {
	if n.Kind != yaml.MappingNode {
		p.report(n, "%s: expected keys with values, got %s", field.Name(), describe(n))
		return
	}
	first := make(map[string]*yaml.Node, len(n.Content)/2)
	for key, value := range pairs(n) {
		if p.budget--; p.budget < 0 {
			return
		}
		value = follow(value)
		switch {
		case key.Kind != yaml.ScalarNode || isNull(key):
			p.report(key, "%s: expected a key, got %s", field.Name(), describe(key))
		case first[key.Value] != nil:
			p.report(key, "%s is there already, in line %d", quote(key.Value), first[key.Value].Line)
		case isNull(value):
			p.report(key, `%s: %s has no value; write "" for an empty text`, field.Name(), quote(key.Value))
		default:
			first[key.Value] = key
			slot := slot{field.MapValue(), fmt.Sprintf("%s[%s]", field.Name(), quote(key.Value))}
			if v, ok := p.single(value, slot, entries.NewValue()); ok {
				entries.Set(protoreflect.ValueOfString(key.Value).MapKey(), v)
			}
		}
	}
}

// slot is where a single value goes: a field, an item of a list, a value of a map.
type slot struct {
	protoreflect.FieldDescriptor
	label string // what messages call it
}

func slotOf(field protoreflect.FieldDescriptor) slot {
	return slot{field, string(field.Name())}
}

// single reads a value that is neither list nor map. empty is a new value of the slot.
func (p *parser) single(n *yaml.Node, to slot, empty protoreflect.Value) (protoreflect.Value, bool) {
	if to.Message() == nil {
		return p.scalar(n, to)
	}
	switch name := to.Message().FullName(); {
	case name == "google.protobuf.Duration":
		return p.duration(n, to)
	case name == "roost.v1.Value" && n.Kind == yaml.ScalarNode:
		return p.value(n, to)
	default:
		p.message(n, to.label, empty.Message())
		return empty, true
	}
}
