package fleetfile

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Format writes a fleet as a fleet file, which Parse reads back as the same fleet. head is said at its top; note returns what is said above a profile,
// a resource or a device, or nothing, and may be nil. Both may have several lines and any characters: they are
// comments, whatever is in them. Kept by TestFormatIsReadBack and FuzzFormat.
func Format(fleet *roostv1.Fleet, head string, note func(proto.Message) string) ([]byte, error) {
	f := formatter{note: note}
	var out bytes.Buffer
	for _, line := range comment(head) {
		out.WriteString(line + "\n")
	}
	if out.Len() > 0 {
		out.WriteByte('\n')
	}
	dumper, err := yaml.NewDumper(&out, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write fleet file: %w", err)
	}
	if err := dumper.Dump(f.message(fleet.ProtoReflect())); err != nil {
		return nil, fmt.Errorf("write fleet file: %w", err)
	}
	if err := dumper.Close(); err != nil {
		return nil, fmt.Errorf("write fleet file: %w", err)
	}
	return out.Bytes(), nil
}

// formatter makes nodes of messages.
type formatter struct {
	note func(proto.Message) string
}

// message makes a mapping of the fields that are set, in the order of the schema.
func (f formatter) message(m protoreflect.Message) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := range m.Descriptor().Fields().Len() {
		field := m.Descriptor().Fields().Get(i)
		if m.Has(field) {
			n.Content = append(n.Content, bare(string(field.Name())), f.field(field, m.Get(field)))
		}
	}
	return n
}

func (f formatter) field(field protoreflect.FieldDescriptor, v protoreflect.Value) *yaml.Node {
	switch {
	case field.IsMap():
		return f.entries(field, v.Map())
	case field.IsList():
		n := &yaml.Node{Kind: yaml.SequenceNode}
		if field.Message() == nil {
			n.Style = yaml.FlowStyle
		}
		for i := range v.List().Len() {
			item := v.List().Get(i)
			node := f.single(field, item)
			if field.Message() != nil && f.note != nil {
				node.HeadComment = strings.Join(comment(f.note(item.Message().Interface())), "\n")
			}
			n.Content = append(n.Content, node)
		}
		return n
	}
	return f.single(field, v)
}

// entries makes a mapping in one line, by key.
func (f formatter) entries(field protoreflect.FieldDescriptor, m protoreflect.Map) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	values := map[string]*yaml.Node{}
	var keys []string
	m.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		keys = append(keys, k.String())
		values[k.String()] = f.single(field.MapValue(), v)
		return true
	})
	slices.Sort(keys)
	for _, k := range keys {
		n.Content = append(n.Content, text(k), values[k])
	}
	return n
}

func (f formatter) single(field protoreflect.FieldDescriptor, v protoreflect.Value) *yaml.Node {
	switch field.Kind() {
	case protoreflect.MessageKind:
		switch m := v.Message().Interface().(type) {
		case *durationpb.Duration:
			return bare(spell(m.AsDuration()))
		default:
			return f.message(v.Message())
		}
	case protoreflect.EnumKind:
		value := field.Enum().Values().ByNumber(v.Enum())
		if value == nil { // of a later schema: Parse will complain of it
			return bare(strconv.Itoa(int(v.Enum())))
		}
		return bare(strings.ToLower(strings.TrimPrefix(string(value.Name()), enumPrefix(field.Enum()))))
	case protoreflect.StringKind:
		return text(v.String())
	case protoreflect.DoubleKind:
		return bare(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case protoreflect.BytesKind:
		return text(roostv1.Bytes(v.Bytes()).Format())
	default:
		return bare(v.String())
	}
}

// spell writes a duration without the zeros that Go has at its end: 1m, and not 1m0s.
func spell(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// bare is a scalar that needs no quotes.
func bare(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }

// text is a scalar that is quoted where it would be taken for something else; a number stands for its text.
func text(value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: value, Tag: "!!str"}
	if number, err := strconv.Atoi(value); err == nil && strconv.Itoa(number) == value {
		n.Tag = "!!int"
	}
	return n
}

// comment makes comments of lines, with nothing in them that does not print.
func comment(text string) []string {
	if text == "" {
		return nil
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		clean := strings.Map(func(r rune) rune {
			if r == utf8.RuneError || !unicode.IsPrint(r) {
				return ' '
			}
			return r
		}, line)
		lines = append(lines, strings.TrimRight("# "+clean, " "))
	}
	return lines
}
