package fleetfile

import (
	"strings"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// enum reads the name of a value: ACCESS_READ_WRITE, or READ_WRITE, read_write and
// the like.
func (p *parser) enum(n *yaml.Node, to slot) (v protoreflect.Value, ok bool) {
	name := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToUpper(n.Value))
	values := to.Enum().Values()
	for i := range values.Len() {
		if full := string(values.Get(i).Name()); name == full || enumPrefix(to.Enum())+name == full {
			return protoreflect.ValueOfEnum(values.Get(i).Number()), true
		}
	}
	names := enumNames(to.Enum())
	written := strings.TrimPrefix(name, enumPrefix(to.Enum()))
	p.report(n, "%s: there is no %s; %s", to.label, quote(n.Value), hint(written, names))
	return v, false
}

// enumNames returns the short names of all values that can be meant.
func enumNames(enum protoreflect.EnumDescriptor) []string {
	var names []string
	for i := 1; i < enum.Values().Len(); i++ { // the first is "unspecified"
		name := strings.TrimPrefix(string(enum.Values().Get(i).Name()), enumPrefix(enum))
		names = append(names, strings.ToLower(name))
	}
	return names
}

// enumPrefix is what all names of an enum's values begin with: ACCESS_.
func enumPrefix(enum protoreflect.EnumDescriptor) string {
	return strings.TrimSuffix(string(enum.Values().Get(0).Name()), "UNSPECIFIED")
}
