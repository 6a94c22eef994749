package payload

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Template is a text with places for values.
type Template struct {
	parts []part
	words map[string]words
	json  bool
	only  bool // it is one place, and nothing else
}

// part is text, or the place of a value.
type part struct {
	text   string
	name   string // empty: text
	quoted bool   // the place is within the quotes of a JSON text
}

// place is what stands for a value: the names of resources' values and of arguments.
var place = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9_.-]*)\}`)

// ParseCommand reads the template of a command's payload, which may name its arguments. Without it the payload is a JSON object of all
// arguments. All that is wrong is in the problems of k, and then the template must not be used.
func ParseCommand(k *keys.Keys, key string, c *roostv1.CommandSpec) *Template {
	names := make(map[string]words, len(c.GetArguments()))
	var members, listed []string
	for _, a := range c.GetArguments() {
		names[a.GetName()] = words{}
		members = append(members, fmt.Sprintf(`"%s":{%[1]s}`, a.GetName()))
		listed = append(listed, "{"+a.GetName()+"}")
	}
	has := fmt.Sprintf("command %q has %s", c.GetName(), strings.Join(listed, ", "))
	if len(listed) == 0 {
		has = fmt.Sprintf("command %q has no arguments", c.GetName())
	}
	return parseTemplate(k, key, "{"+strings.Join(members, ",")+"}", has, names)
}

// parseTemplate reads a template in which these names stand for values; has says which there are.
func parseTemplate(k *keys.Keys, key, otherwise string, has string, names map[string]words) *Template {
	text, given := k.Get(key)
	if !given {
		text = otherwise
	}
	t := &Template{words: names}
	t.split(text)
	for _, p := range t.parts {
		if _, known := names[p.name]; p.name != "" && !known {
			k.Wrong(key, "nothing is called {%s}: %s", p.name, has)
		}
	}
	t.only = len(t.parts) == 1 && t.parts[0].name != ""
	start := strings.TrimSpace(text)
	if t.json = !t.beginsWithPlace() && (strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[")); t.json {
		t.quote()
		if sample := t.sample(); !json.Valid(sample) {
			k.Wrong(key, "begins as JSON does, and is none, with values in its places: %s", sample)
		}
	}
	return t
}

func (t *Template) split(text string) {
	from := 0
	for _, at := range place.FindAllStringSubmatchIndex(text, -1) {
		if at[0] > from {
			t.parts = append(t.parts, part{text: text[from:at[0]]})
		}
		t.parts = append(t.parts, part{name: text[at[2]:at[3]]})
		from = at[1]
	}
	if from < len(text) {
		t.parts = append(t.parts, part{text: text[from:]})
	}
}

func (t *Template) beginsWithPlace() bool {
	for _, p := range t.parts {
		if p.name != "" || strings.TrimSpace(p.text) != "" {
			return p.name != ""
		}
	}
	return false
}

// quote finds which places are within quotes.
func (t *Template) quote() {
	quoted, escaped := false, false
	for i := range t.parts {
		t.parts[i].quoted = quoted
		for _, char := range []byte(t.parts[i].text) {
			switch {
			case escaped:
				escaped = false
			case quoted && char == '\\':
				escaped = true
			case char == '"':
				quoted = !quoted
			}
		}
	}
}

// sample is the template with null in each place, and a space within quotes: neither joins with what is beside it, as a digit
// would with a number, and a letter with a backslash.
func (t *Template) sample() []byte {
	var sample []byte
	for _, p := range t.parts {
		switch {
		case p.quoted && p.name != "":
			p.text = " "
		case p.name != "":
			p.text = "null"
		}
		sample = append(sample, p.text...)
	}
	return sample
}

// Names returns what the template names.
func (t *Template) Names() []string {
	var names []string
	for _, p := range t.parts {
		if p.name != "" && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	return names
}

// Fill returns the template with values in its places. The error is ErrInvalid: a value is missing, or cannot stand where it
// should.
func (t *Template) Fill(values map[string]*roostv1.Value) ([]byte, error) {
	var filled []byte
	for _, p := range t.parts {
		if p.name == "" {
			filled = append(filled, p.text...)
			continue
		}
		text, err := t.fill(p, values[p.name])
		if err != nil {
			return nil, err
		}
		filled = append(filled, text...)
	}
	return filled, nil
}

func (t *Template) fill(p part, v *roostv1.Value) ([]byte, error) {
	if v == nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no value for {%s}", p.name)
	}
	v, err := roostv1.Convert(v, v.Type())
	switch {
	case err != nil:
		return nil, err
	case !t.json && !t.only:
		return plainInText(p.name, v, t.words[p.name])
	case !t.json:
		return plain(v, t.words[p.name]), nil
	case p.quoted:
		return inQuotes(v, t.words[p.name])
	}
	return asJSON(v, t.words[p.name])
}
