package httpdev

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// entry is what a resource says.
type entry struct {
	resource *roostv1.Resource
	codec    *payload.Codec
	url      string // to read it
	write    request
}

// request is how something is written.
type request struct {
	method      string
	path        string // with places
	base        string
	inPath      bool // the values are in the path, and there is no body
	contentType string
}

const (
	typeJSON = "application/json"
	typeText = "text/plain; charset=utf-8"
)

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch}

// parseEntries reads what the resources of a profile say, by name. They are usable only if there are no problems.
func parseEntries(at *address, p *roostv1.Profile) (map[string]*entry, roostv1.Problems) {
	entries := make(map[string]*entry, len(p.GetResources()))
	var problems roostv1.Problems
	for i, r := range p.GetResources() {
		k := keys.OfResource(Name, p, i)
		entries[r.GetName()] = parseEntry(at, k, r)
		problems = append(problems, k.Problems()...)
	}
	return entries, problems
}

func parseEntry(at *address, k *keys.Keys, r *roostv1.Resource) *entry {
	path := k.Text("path", "")
	e := &entry{resource: r, codec: payload.Parse(k, r), url: at.base + path}
	if r.Readable() {
		checkPath(path, wrongAt(k, "path"))
		if len(placesIn(path)) > 0 {
			k.Wrong("path", "%q has a place for a value, and is to be read: say write_path", path)
		}
	}
	if !r.Writable() {
		for _, key := range []string{"write_path", "write_method", "content_type"} {
			k.Unwanted(key, "%s cannot be written", r.GetName())
		}
		return e
	}
	e.write = request{method: k.Word("write_method", http.MethodPost, methods...), path: k.Text("write_path", path), base: at.base}
	if k.Has("write_path") || !r.Readable() {
		e.write.parsePath(k, given(k, "write_path", "path"), []string{"value"}, "a resource has {value}")
	}
	template, _ := k.Get("write")
	e.write.parseBody(k, "write_method", "content_type", template)
	return e
}

// given returns the first key, if it is given, and else the other.
func given(k *keys.Keys, key, otherwise string) string {
	if k.Has(key) {
		return key
	}
	return otherwise
}

func wrongAt(k *keys.Keys, key string) func(format string, args ...any) {
	return func(format string, args ...any) { k.Wrong(key, format, args...) }
}

// parsePath checks the path and its places.
func (r *request) parsePath(k *keys.Keys, key string, names []string, has string) {
	named := placesIn(r.path)
	r.inPath = len(named) > 0
	for _, name := range named {
		if !slices.Contains(names, name) {
			k.Wrong(key, "nothing is called {%s}: %s", name, has)
		}
	}
	checkPath(fillPath(r.path, func(string) string { return "x" }), wrongAt(k, key))
}

// parseBody finds of what type the body is, if there is one.
func (r *request) parseBody(k *keys.Keys, methodKey, typeKey, template string) {
	if r.inPath {
		k.Unwanted(typeKey, "there is no body: the value is in the path")
		return
	}
	if r.method == http.MethodGet {
		k.Wrong(methodKey, "a GET has no body: {value} must be in the path")
	}
	r.parseType(k, typeKey, template)
}

// parseType finds of what type a body is, which goes into a header.
func (r *request) parseType(k *keys.Keys, typeKey, template string) {
	r.contentType = k.Text(typeKey, typeOf(template))
	if !httpguts.ValidHeaderFieldValue(r.contentType) {
		k.Wrong(typeKey, "%q is no type of a body", r.contentType)
	}
}

// typeOf is of what type the body is that a template makes.
func typeOf(template string) string {
	text := strings.TrimSpace(template)
	if !beginsWithPlace(text) && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) {
		return typeJSON
	}
	return typeText
}

func beginsWithPlace(text string) bool {
	at := place.FindStringIndex(text)
	return at != nil && at[0] == 0
}
