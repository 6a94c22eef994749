package payload

import (
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/scale"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Codec reads and writes the values of one resource.
type Codec struct {
	resource *roostv1.Resource
	path     *Path // nil: the whole payload is the value
	skip     bool
	words    words
	scale    scale.Scale
	when     when
	template *Template
}

// words are how a BOOL and BYTES are written as text; empty if nothing is said.
type words struct{ yes, no, bytes string }

func (w words) given() bool { return w.yes != "" || w.no != "" }

// Parse reads what a resource says of its payloads. It knows the keys of the package's table; all that is wrong with them is in the
// problems of k, and then the codec must not be used.
func Parse(k *keys.Keys, r *roostv1.Resource) *Codec {
	c := &Codec{resource: r, scale: scale.New(1, 0)}
	if r.Readable() {
		c.parseRead(k)
	} else {
		for _, key := range []string{"json", "absent", "time", "time_format"} {
			k.Unwanted(key, "says how %s is read, which can only be written", r.GetName())
		}
	}
	c.parseWords(k)
	c.parseBytes(k)
	c.parseScale(k)
	if r.Writable() {
		c.template = parseTemplate(k, "write", "{value}", "a resource has {value}", map[string]words{"value": c.words})
	} else {
		k.Unwanted("write", "%s cannot be written", r.GetName())
	}
	return c
}

func (c *Codec) parseRead(k *keys.Keys) {
	c.path = ParsePath(k, "json")
	c.skip = k.Word("absent", "bad", "bad", "skip") == "skip"
	c.when.path = ParsePath(k, "time")
	c.when.format = k.Word("time_format", timeRFC3339, timeRFC3339, timeUnix, timeUnixMS)
	if !k.Has("json") {
		k.Unwanted("absent", "is for values in a JSON document: %s has no json", c.resource.GetName())
		k.Unwanted("time", "is in the JSON document that the value is in: %s has no json", c.resource.GetName())
	}
	if !k.Has("time") {
		k.Unwanted("time_format", "says how time is written, and there is none")
	}
}

func (c *Codec) parseWords(k *keys.Keys) {
	if c.resource.GetType() != roostv1.ValueType_VALUE_TYPE_BOOL {
		for _, key := range []string{"true", "false"} {
			k.Unwanted(key, "is a word of a BOOL, and %s is a %s", c.resource.GetName(), c.resource.GetType().Word())
		}
		return
	}
	if !k.Has("true") && !k.Has("false") {
		return
	}
	c.words.yes, c.words.no = k.Needed("true", "the other word is given"), k.Needed("false", "the other word is given")
	if c.words.yes == c.words.no && c.words.given() {
		k.Wrong("false", "is the same word as true")
	}
}

func (c *Codec) parseBytes(k *keys.Keys) {
	if c.resource.GetType() != roostv1.ValueType_VALUE_TYPE_BYTES {
		k.Unwanted("bytes", "says how BYTES are written as text, and %s is a %s", c.resource.GetName(), c.resource.GetType().Word())
		return
	}
	c.words.bytes = k.Word("bytes", "", bytesBase64, bytesHex)
}

func (c *Codec) parseScale(k *keys.Keys) {
	if c.resource.GetType() != roostv1.ValueType_VALUE_TYPE_DOUBLE {
		for _, key := range []string{"scale", "offset"} {
			k.Unwanted(key, "is for a DOUBLE, and %s is a %s", c.resource.GetName(), c.resource.GetType().Word())
		}
		return
	}
	factor, offset := k.Float("scale", 1), k.Float("offset", 0)
	if factor == 0 {
		k.Wrong("scale", "is 0, and every value would be the same")
	}
	c.scale = scale.New(factor, offset)
}

// when is where a document says when the device sampled, and how.
type when struct {
	path   *Path
	format string
}

// of returns the device's own time; zero if there is none that can be read.
func (w when) of(d *Document) time.Time {
	if w.path == nil {
		return time.Time{}
	}
	node, err := d.one(w.path)
	if err != nil {
		return time.Time{}
	}
	return parseTime(w.format, node)
}
