package payload

import (
	"github.com/theory/jsonpath"

	"github.com/roost-iot/roost/actors/drivers/keys"
)

// Path is where something may be in a JSON document. A nil one is nowhere.
type Path struct {
	path  *jsonpath.Path
	names names // nil: it has more than names
}

// ParsePath reads the JSONPath that is given for a key; nil if there is none. What is wrong with it is in the problems of k, a path that
// would let one document cost too much among it.
func ParsePath(k *keys.Keys, key string) *Path {
	text, given := k.Get(key)
	if !given {
		return nil
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		k.Wrong(key, "%q is no JSONPath, such as $.climate.temperature: %v", text, err)
		return nil
	}
	if costly(path) {
		k.Wrong(key, "%q would search the document again for each of its elements: .. may stand once and in no filter, what a filter takes of $ is one value "+
			"and nothing that it computes with, and what match and search look for is written in the path", text)
	}
	return &Path{path, namesOf(path)}
}

// String returns the path as JSONPath writes it.
func (p *Path) String() string { return p.path.String() }

// Selects tells whether there is something at the path. The error says why the document is none.
func (p *Path) Selects(d *Document) (bool, error) {
	if p == nil {
		return false, nil
	}
	nodes, err := d.all(p)
	return len(nodes) > 0, err
}
