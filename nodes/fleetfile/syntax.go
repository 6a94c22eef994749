package fleetfile

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// load reads YAML into the node of its only document. It reports what is wrong with
// the file as YAML, of which only the first is known, and then returns nil.
func (p *parser) load(data []byte) *yaml.Node {
	if len(data) > MaxSize {
		p.reportAt(start, "the file has more than %d MiB: split it", MaxSize>>20)
		return nil
	}
	text := bytes.TrimPrefix(data, []byte("\uFEFF"))
	if offset := firstIllegal(text); offset >= 0 {
		p.reportAt(positionOf(text, offset), "byte 0x%02x is not part of any text: a fleet file is UTF-8", text[offset])
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		p.syntax(err)
		return nil
	}
	first, ok := p.document(loader)
	if !ok {
		return nil
	}
	if first == nil || isNull(first) {
		p.reportAt(start, "the file is empty: a fleet has profiles and devices")
		return nil
	}
	if second, ok := p.document(loader); !ok {
		return nil
	} else if second != nil {
		p.report(second, "a second document begins here: a fleet file has one")
		return nil
	}
	return first
}

// document returns the content of the next document, nil if there is none.
func (p *parser) document(loader *yaml.Loader) (content *yaml.Node, ok bool) {
	var document yaml.Node
	err := loader.Load(&document)
	switch {
	case errors.Is(err, io.EOF):
		return nil, true
	case err != nil:
		p.syntax(err)
		return nil, false
	case len(document.Content) != 1:
		return nil, true
	}
	return document.Content[0], true
}

// syntax reports an error of the YAML parser.
func (p *parser) syntax(err error) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		p.reportAt(start, "not YAML: %v", err)
		return
	}
	at := position{load.Mark.Line, load.Mark.Column}
	if load.ContextMsg != "" {
		p.reportAt(at, "not YAML: %s, %s", load.ContextMsg, load.Message)
		return
	}
	p.reportAt(at, "not YAML: %s", load.Message)
}

// firstIllegal returns the offset of the first byte that YAML has no place for, or
// -1. The YAML parser would not tell where it is.
func firstIllegal(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 || isControl(r) {
			return i
		}
		i += n
	}
	return -1
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r >= 0x80 && r < 0xa0 && r != 0x85
}

// size counts the nodes of a tree, without what its aliases stand for.
func size(n *yaml.Node) int {
	count := 1
	for _, child := range n.Content {
		count += size(child)
	}
	return count
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}
