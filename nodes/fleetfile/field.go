package fleetfile

import (
	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// fieldOf returns the field that the key names, nil if there is none.
func (p *parser) fieldOf(key *yaml.Node, m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	switch field := fieldNamed(key.Value, m); {
	case key.Kind != yaml.ScalarNode:
		p.report(key, "expected the name of a field, got %s", describe(key))
	case field != nil:
		return field
	case key.ShortTag() == "!!merge":
		p.report(key, "merge keys (<<) are not supported: repeat the fields")
	default:
		p.report(key, "there is no field %s here; %s", quote(key.Value), hint(key.Value, fieldNames(m)))
	}
	return nil
}

// fieldNamed finds a field by its own name, or by the one that it has in JSON.
func fieldNamed(name string, m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	if field := m.Fields().ByName(protoreflect.Name(name)); field != nil {
		return field
	}
	return m.Fields().ByJSONName(name)
}

func fieldNames(m protoreflect.MessageDescriptor) []string {
	var names []string
	for i := range m.Fields().Len() {
		names = append(names, string(m.Fields().Get(i).Name()))
	}
	return names
}
