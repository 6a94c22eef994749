package snmp

import (
	"maps"
	"math"
	"slices"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/scale"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// noBit says that a resource is not a bit of a number.
const noBit = -1

// maxBit is the last bit of an octet string that BITS are made of, and more than a number has.
const maxBit = 1023

// Where a resource's values come from.
const (
	fromGet  = "get"  // it is asked for
	fromTrap = "trap" // the device sends it by itself
	fromBoth = "both"
)

// entry is what the protocol entries of a resource say.
type entry struct {
	resource *roostv1.Resource
	oid      string
	syntax   syntax
	source   string
	scale    scale.Scale
	bit      int // or noBit
	yes, no  int // what integers are true and false
	words    words
}

// parseEntries reads the entries of a profile's resources, by name. They are usable only if there are no problems.
func parseEntries(p *roostv1.Profile) (map[string]*entry, roostv1.Problems) {
	entries := make(map[string]*entry, len(p.GetResources()))
	var problems roostv1.Problems
	for i, r := range p.GetResources() {
		k := keys.OfResource(Name, p, i)
		entries[r.GetName()] = entryOf(k, r)
		problems = append(problems, k.Problems()...)
	}
	return entries, problems
}

func entryOf(k *keys.Keys, r *roostv1.Resource) *entry {
	e := &entry{
		resource: r,
		oid:      oidOf(k),
		source:   k.Word("source", fromBoth, fromGet, fromTrap, fromBoth),
		scale:    scaleOf(k),
		bit:      k.Int("bit", noBit, 0, maxBit),
		yes:      k.Int("true", 1, math.MinInt32, math.MaxInt32), no: k.Int("false", 2, math.MinInt32, math.MaxInt32),
		words: wordsOf(k),
	}
	e.syntax = syntax(k.Word("type", string(naturalSyntax(r.GetType(), e.words)), syntaxWords...))
	e.check(k)
	return e
}

func scaleOf(k *keys.Keys) scale.Scale {
	factor, offset := k.Float("scale", 1), k.Float("offset", 0)
	if factor == 0 {
		k.Wrong("scale", "is 0, and every value would be the same")
	}
	return scale.New(factor, offset)
}

func oidOf(k *keys.Keys) string {
	text := k.Needed("oid", "the object's identifier in numbers, with its instance: 1.3.6.1.2.1.1.3.0")
	if text == "" {
		return ""
	}
	oid, err := parseOID(text)
	if err != nil {
		k.Wrong("oid", "%v", err)
	}
	return oid
}

// check complains of what contradicts itself.
func (e *entry) check(k *keys.Keys) {
	name, kind := e.resource.GetName(), e.resource.GetType()
	if kind != roostv1.ValueType_VALUE_TYPE_DOUBLE {
		k.Unwanted("scale", "is for a DOUBLE, and %s is a %s", name, kind.Word())
		k.Unwanted("offset", "is for a DOUBLE, and %s is a %s", name, kind.Word())
	}
	if kind != roostv1.ValueType_VALUE_TYPE_STRING {
		k.Unwanted("words", "are for a STRING, and %s is a %s", name, kind.Word())
	}
	e.checkBool(k)
	e.checkWritten(k)
	if !e.syntax.suits(kind, e.words) {
		k.Wrong("type", "%s is a %s and is not made of %s", name, kind.Word(), e.syntax)
	}
	if e.source == fromTrap && !e.resource.Readable() {
		k.Wrong("source", "the device sends %s by itself, and the profile lets nobody read it", name)
	}
}

func (e *entry) checkBool(k *keys.Keys) {
	name, kind := e.resource.GetName(), e.resource.GetType()
	switch {
	case kind != roostv1.ValueType_VALUE_TYPE_BOOL:
		for _, key := range []string{"bit", "true", "false"} {
			k.Unwanted(key, "is for a BOOL, and %s is a %s", name, kind.Word())
		}
	case e.bit != noBit:
		k.Unwanted("true", "says nothing of a bit")
		k.Unwanted("false", "says nothing of a bit")
		if e.resource.Writable() {
			k.Wrong("bit", "a bit cannot be written: agents take whole values only, and its neighbours would be lost")
		}
	case e.yes == e.no:
		k.Wrong("false", "is %d, which is true", e.no)
	}
}

// checkWritten complains of numbers and words that can never be written. What is read shows its own type, and may be any of them.
func (e *entry) checkWritten(k *keys.Keys) {
	if !e.resource.Writable() {
		return
	}
	if e.resource.GetType() == roostv1.ValueType_VALUE_TYPE_BOOL && e.bit == noBit {
		for _, value := range []struct {
			key string
			n   int
		}{{"true", e.yes}, {"false", e.no}} {
			if !e.syntax.has(int64(value.n)) {
				k.Wrong(value.key, "is %d, which is no %s and cannot be written", value.n, e.syntax)
			}
		}
	}
	for _, raw := range slices.Sorted(maps.Keys(e.words.byRaw)) {
		if !e.syntax.hasText(raw) {
			k.Wrong("words", "%s is %s, which is no %s and cannot be written", e.words.byRaw[raw], raw, e.syntax)
		}
	}
}

// asked tells whether the resource is asked for.
func (e *entry) asked() bool { return e.source != fromTrap }

// sent tells whether the resource is taken from what the device sends by itself.
func (e *entry) sent() bool { return e.source != fromGet && e.resource.Readable() }
