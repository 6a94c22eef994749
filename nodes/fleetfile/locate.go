package fleetfile

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// locate returns the node that a problem's path means: devices[2].placement.gateways[0]
// or devices[1].address["host"]. For a scalar that is its value, for anything larger
// its key. What is not in the file is at the nearest thing around it.
func locate(root *yaml.Node, m protoreflect.MessageDescriptor, path string) *yaml.Node {
	at := root
	n := root // what at names; nil when the path has left the file
	for path != "" && n != nil {
		var step string
		step, path = nextStep(path)
		switch n = follow(n); {
		case n.Kind == yaml.SequenceNode:
			n = element(n, step)
			if n != nil {
				at = n
			}
		case m == nil: // a map
			var key *yaml.Node
			if key, n = entry(n, func(name string) bool { return name == step }); n != nil {
				at = key
			}
		default:
			field := m.Fields().ByName(protoreflect.Name(step))
			if field == nil {
				return at
			}
			var key *yaml.Node
			key, n = entry(n, func(name string) bool { return fieldNamed(name, m) == field })
			m = below(field)
			at = landmark(at, key, n)
		}
	}
	return at
}

// below returns the message that a field holds, one or many; nil for a map, and
// for what has no fields.
func below(field protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if field.IsMap() {
		return nil
	}
	return field.Message()
}

// landmark returns the value of a field that is a scalar, else its key, and at where
// there is no such field.
func landmark(at, key, value *yaml.Node) *yaml.Node {
	switch {
	case value == nil:
		return at
	case follow(value).Kind == yaml.ScalarNode:
		return value
	default:
		return key
	}
}

func element(n *yaml.Node, step string) *yaml.Node {
	i, err := strconv.Atoi(step)
	if err != nil || i < 0 || i >= len(n.Content) {
		return nil
	}
	return n.Content[i]
}

// entry returns the first key that is the one, and its value; nil if there is none.
func entry(n *yaml.Node, is func(name string) bool) (key, value *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for key, value := range pairs(n) {
		if key.Kind == yaml.ScalarNode && is(key.Value) {
			return key, value
		}
	}
	return nil, nil
}

// nextStep cuts the first name, index or quoted key off a path.
func nextStep(path string) (step, rest string) {
	path = strings.TrimPrefix(path, ".")
	if inner, ok := strings.CutPrefix(path, "["); ok {
		if quoted, err := strconv.QuotedPrefix(inner); err == nil {
			key, _ := strconv.Unquote(quoted) // it is quoted well, as it says
			return key, strings.TrimPrefix(inner[len(quoted):], "]")
		}
		step, rest, _ = strings.Cut(inner, "]")
		return step, rest
	}
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end], path[end:]
	}
	return path, ""
}
