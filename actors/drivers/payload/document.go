package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/theory/jsonpath"
)

var (
	errNothing = errors.New("the path selects nothing")
	errSeveral = errors.New("the path selects several values")
	errDeep    = fmt.Errorf("objects and arrays lie more than %d deep within each other", maxDepth)
	errText    = errors.New("it is not UTF-8, as JSON must be")
	errMore    = errors.New("there is more than one JSON document")
)

// Document is one payload. It is decoded at most once, however many resources are read from it.
type Document struct {
	raw     []byte
	scans   int // -1: it is not to be searched as it is
	decoded bool
	root    any
	err     error
}

// Of returns the document of a payload, which must not be changed while it is used.
func Of(payload []byte) *Document { return &Document{raw: payload} }

// all returns what a path selects.
func (d *Document) all(path *Path) ([]any, error) {
	if !d.decoded {
		d.decoded = true
		d.root, d.err = decode(d.raw)
	}
	if d.err != nil {
		return nil, d.err
	}
	return pick(path.path, d.root)
}

// one returns the only value that a path selects.
func (d *Document) one(path *Path) (node any, err error) {
	if path.names != nil && d.scannable() {
		if node, found, done := path.names.find(d.raw); found && done {
			return node, nil
		} else if done {
			return nil, errNothing
		}
	}
	nodes, err := d.all(path)
	switch {
	case err != nil:
		return nil, err
	case len(nodes) == 0:
		return nil, errNothing
	case len(nodes) > 1:
		return nil, errSeveral
	}
	return nodes[0], nil
}

// scannable tells whether the document is to be searched as it is, once more.
func (d *Document) scannable() bool {
	if d.scans == 0 && (len(d.raw) > maxScanned || !utf8.Valid(d.raw) || tooDeep(d.raw) || !json.Valid(d.raw)) {
		d.scans = -1
	}
	if d.decoded || d.scans < 0 || d.scans == maxScans {
		return false
	}
	d.scans++
	return true
}

// pick selects, and takes a panic of the library for an answer: filters compare what devices send.
func pick(path *jsonpath.Path, root any) (nodes []any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("select %s: %v", path, r)
		}
	}()
	return path.Select(root), nil
}

// decode keeps the digits of numbers.
func decode(raw []byte) (any, error) {
	if !utf8.Valid(raw) { // the decoder would put other characters in the place of what is wrong
		return nil, errText
	}
	if tooDeep(raw) {
		return nil, errDeep
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errMore
	}
	return root, nil
}
