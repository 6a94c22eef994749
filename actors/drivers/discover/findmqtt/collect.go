package findmqtt

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is kept of a stranger's broker.
const (
	maxTopics  = 5000
	maxPayload = 64 << 10 // bytes; more is taken for BYTES
	maxLeaves  = 100      // of a document
	maxDepth   = 5
)

// kind is what a value was each time that it was heard.
type kind int

const (
	isNothing kind = iota // null, or nothing at all
	isBool
	isNumber
	isText
	isBytes
)

// and is the kind of a value that was one and then another.
func (k kind) and(other kind) kind {
	switch {
	case k == other || other == isNothing:
		return k
	case k == isNothing:
		return other
	case k == isBytes || other == isBytes:
		return isBytes
	}
	return isText
}

// leaf is one value of a payload.
type leaf struct {
	path string // in a JSON document; empty: the payload as a whole
	name string // the path, for people
	kind kind
	last string // what it was, for people
}

// topic is what was heard of one.
type topic struct {
	name     string
	messages int
	retained int
	object   bool // each payload was a JSON object
	leaves   []leaf
}

// usable tells whether a topic can be written into a fleet file: braces stand for something else there.
func usable(name string) bool {
	return name != "" && !strings.HasPrefix(name, "$") && utf8.ValidString(name) && !strings.ContainsAny(name, "{}+#") &&
		!strings.ContainsFunc(name, unicode.IsControl)
}

// heard adds a message.
func (t *topic) heard(payload []byte, retained bool) {
	t.messages++
	if retained {
		t.retained++
	}
	leaves, object := read(payload)
	t.object = object && (t.object || t.messages == 1)
	for _, l := range leaves {
		i := slices.IndexFunc(t.leaves, func(known leaf) bool { return known.path == l.path })
		if i < 0 {
			if len(t.leaves) < maxLeaves {
				t.leaves = append(t.leaves, l)
			}
			continue
		}
		t.leaves[i].kind, t.leaves[i].last = t.leaves[i].kind.and(l.kind), l.last
	}
}

// read returns the values of a payload, and whether it is a JSON object.
func read(payload []byte) (leaves []leaf, object bool) {
	if len(payload) > maxPayload || !utf8.Valid(payload) {
		return []leaf{{kind: isBytes, last: strconv.Itoa(len(payload)) + " bytes"}}, false
	}
	text := strings.TrimSpace(string(payload))
	if strings.HasPrefix(text, "{") {
		var document map[string]any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if decoder.Decode(&document) == nil && !decoder.More() {
			return flatten(nil, "$", "", document, 0), true
		}
	}
	return []leaf{{kind: kindOf(text), last: text}}, false
}

// flatten appends the values of a document that are no objects and no lists, in the order of their names.
func flatten(to []leaf, path, name string, v any, depth int) []leaf {
	if len(to) >= maxLeaves || depth > maxDepth {
		return to
	}
	l := leaf{path: path, name: name}
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for member := range v {
			members = append(members, member)
		}
		slices.Sort(members)
		for _, member := range members {
			to = flatten(to, path+step(member), strings.TrimPrefix(name+"-"+member, "-"), v[member], depth+1)
		}
		return to
	case []any:
		for i, item := range v {
			to = flatten(to, path+"["+strconv.Itoa(i)+"]", name+"-"+strconv.Itoa(i), item, depth+1)
		}
		return to
	case bool:
		l.kind, l.last = isBool, strconv.FormatBool(v)
	case json.Number:
		l.kind, l.last = isNumber, v.String()
	case string:
		l.kind, l.last = kindOf(v), v
	case nil:
		l.last = "null"
	}
	return append(to, l)
}

// step is how a member of an object is named in a path.
func step(member string) string {
	plain := member != ""
	for i, r := range member {
		plain = plain && (r == '_' || r < utf8.RuneSelf && unicode.IsLetter(r) || i > 0 && r >= '0' && r <= '9')
	}
	if plain {
		return "." + member
	}
	quoted, _ := json.Marshal(member) // text can be written
	return "[" + string(quoted) + "]"
}

// kindOf guesses what a text is.
func kindOf(text string) kind {
	switch strings.ToLower(text) {
	case "":
		return isNothing
	case "true", "false", "on", "off", "yes", "no":
		return isBool
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && !strings.ContainsAny(text, "nNxX_pP") {
		return isNumber
	}
	return isText
}
