package payload

import (
	"bytes"
	"encoding/json"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// maxScanned is how long a document may be, in bytes, that is searched as it is, and maxScans for how many values. Beyond that it costs less to
// decode it once.
const (
	maxScanned = 2 << 10
	maxScans   = 4
)

// names is a path of names alone, $.climate.temperature: what nearly all are. Its value is found without building the document, which
// is most of the work of a message.
type names []string

// namesOf returns what a path is that has only names; nil if it has anything else.
func namesOf(path *jsonpath.Path) names {
	var found names
	for _, segment := range path.Query().Segments() {
		selectors := segment.Selectors()
		if segment.IsDescendant() || len(selectors) != 1 {
			return nil
		}
		name, is := selectors[0].(spec.Name)
		if !is {
			return nil
		}
		found = append(found, string(name))
	}
	return found
}

// find returns the value at the path in a valid document. done is false if it takes decoding: for what has escapes in it, and values
// that are no scalars.
func (p names) find(document []byte) (node any, found, done bool) {
	at := scan{document}
	for _, name := range p {
		value, found, done := at.member(name)
		if !found || !done {
			return nil, false, done
		}
		at = scan{value}
	}
	return at.scalar()
}

// scan goes through a valid document, from one value to the next.
type scan struct{ left []byte }

// member returns a member of the object that is next, the last one of a name as the decoder does.
func (s scan) member(name string) (value []byte, found, done bool) {
	if !s.enter('{') {
		return nil, false, true
	}
	for s.left[0] != '}' {
		key := s.text()
		if bytes.IndexByte(key, '\\') >= 0 {
			return nil, false, false
		}
		s.enter(':')
		begin := s.left
		s.value()
		if string(key) == name {
			value, found = begin[:len(begin)-len(s.left)], true
		}
		s.enter(',')
	}
	return value, found, true
}

// enter goes behind a sign, if it is next, and to what follows.
func (s *scan) enter(sign byte) bool {
	s.space()
	is := s.left[0] == sign
	if is {
		s.left = s.left[1:]
		s.space()
	}
	return is
}

func (s *scan) space() {
	for s.left[0] == ' ' || s.left[0] == '\n' || s.left[0] == '\t' || s.left[0] == '\r' {
		s.left = s.left[1:]
	}
}

// text goes behind a text, and returns it as it is written, without its quotes.
func (s *scan) text() []byte {
	for i := 1; ; i++ {
		switch s.left[i] {
		case '\\':
			i++
		case '"':
			text := s.left[1:i]
			s.left = s.left[i+1:]
			return text
		}
	}
}

// value goes behind a value.
func (s *scan) value() {
	depth := 0
	for {
		switch s.left[0] {
		case '"':
			s.text()
		case '{', '[':
			depth++
			s.left = s.left[1:]
		case '}', ']':
			depth--
			s.left = s.left[1:]
		case ' ', '\t', '\r', '\n', ',', ':':
			s.left = s.left[1:]
			continue
		default:
			s.literal()
		}
		if depth == 0 {
			return
		}
	}
}

// literal goes behind a number, true, false or null, and returns it.
func (s *scan) literal() []byte {
	n := 1
	for n < len(s.left) && !ends(s.left[n]) {
		n++
	}
	literal := s.left[:n]
	s.left = s.left[n:]
	return literal
}

// ends tells whether a sign is behind a literal.
func ends(sign byte) bool {
	switch sign {
	case ',', '}', ']', ' ', '\n', '\t', '\r':
		return true
	}
	return false
}

// scalar returns the value that is left.
func (s scan) scalar() (node any, found, done bool) {
	s.space()
	switch s.left[0] {
	case '{', '[':
		return nil, false, false
	case '"':
		text := s.text()
		return string(text), true, bytes.IndexByte(text, '\\') < 0
	}
	switch literal := s.literal(); string(literal) {
	case "null":
		return nil, true, true
	case "true", "false":
		return literal[0] == 't', true, true
	default:
		return json.Number(literal), true, true
	}
}
