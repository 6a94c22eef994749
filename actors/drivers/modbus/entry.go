package modbus

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// table is one of the four that a device has.
type table string

const (
	coils     table = "coil"
	discretes table = "discrete"
	holdings  table = "holding"
	inputs    table = "input"
)

func (t table) bits() bool     { return t == coils || t == discretes }
func (t table) writable() bool { return t == coils || t == holdings }

// maxText is how many registers text and bytes may have: what one request can read, and write.
const maxText = 123

// How a resource is written.
const (
	writeAuto     = "auto"
	writeSingle   = "single"
	writeMultiple = "multiple"
)

// noBit says that a resource is not a bit of a register.
const noBit = -1

// entry is what the protocol entries of a resource say.
type entry struct {
	resource *roostv1.Resource
	table    table
	address  uint16
	count    int // of bits or registers
	encoding encoding
	order    order
	scale    float64
	offset   float64
	bit      int // or noBit
	write    string
}

var entryKeys = []string{"table", "address", "encoding", "order", "scale", "offset", "bit", "length", "write"}

// parseEntries reads the entries of a profile's resources, by name. They are usable only if there are no problems.
func parseEntries(p *roostv1.Profile) (map[string]*entry, roostv1.Problems) {
	entries := make(map[string]*entry, len(p.GetResources()))
	var problems roostv1.Problems
	for i, r := range p.GetResources() {
		parser := entryParser{given: r.GetProtocol(), path: fmt.Sprintf("resources[%d]", i)}
		entries[r.GetName()] = parser.entry(r)
		problems = append(problems, parser.problems...)
	}
	return entries, problems
}

// entryParser collects what is wrong.
type entryParser struct {
	given    map[string]string
	path     string
	problems roostv1.Problems
}

func (p *entryParser) wrong(key, format string, args ...any) {
	p.problems = append(p.problems, roostv1.Problem{Path: fmt.Sprintf("%s.protocol[%q]", p.path, key), Message: fmt.Sprintf(format, args...)})
}

func (p *entryParser) entry(r *roostv1.Resource) *entry {
	e := &entry{
		resource: r,
		table:    table(p.word("table", string(holdings), string(coils), string(discretes), string(holdings), string(inputs))),
		address:  p.address(),
		order:    order(p.word("order", string(orderABCD), string(orderABCD), string(orderCDAB), string(orderBADC), string(orderDCBA))),
		scale:    p.number("scale", 1), offset: p.number("offset", 0),
		bit:   p.integer("bit", noBit, 0, 15),
		write: p.word("write", writeAuto, writeAuto, writeSingle, writeMultiple),
	}
	if e.scale == 0 {
		p.wrong("scale", "is 0, and every value would be the same")
	}
	p.encoding(e)
	p.fits(e)
	for _, key := range slices.Sorted(maps.Keys(p.given)) {
		if !slices.Contains(entryKeys, key) {
			p.wrong(key, "unknown key; the modbus driver has %v", entryKeys)
		}
	}
	return e
}

// encoding finds how the value lies in its registers, and how many there are.
func (p *entryParser) encoding(e *entry) {
	e.count = 1
	if e.table.bits() || e.resource.GetType() == roostv1.ValueType_VALUE_TYPE_BOOL {
		p.boolean(e)
		return
	}
	e.encoding = encoding(p.word("encoding", string(naturalEncoding(e.resource.GetType())), encodingWords...))
	if !e.encoding.suits(e.resource.GetType()) {
		p.wrong("encoding", "%s is a %s and cannot be made of %s", e.resource.GetName(), e.resource.GetType().Word(), e.encoding)
	}
	if e.encoding.long() {
		e.count = p.integer("length", 0, 1, maxText)
		if _, given := p.given["length"]; !given {
			p.wrong("length", "is needed: how many registers the %s has", e.encoding)
		}
	} else {
		e.count = e.encoding.registers()
		p.unwanted("length", "is for text and bytes, and %s has %d registers", e.encoding, e.count)
	}
	p.unwanted("bit", "is for a BOOL, and %s is a %s", e.resource.GetName(), e.resource.GetType().Word())
	if e.resource.GetType() != roostv1.ValueType_VALUE_TYPE_DOUBLE {
		p.unwanted("scale", "is for a DOUBLE, and %s is a %s", e.resource.GetName(), e.resource.GetType().Word())
		p.unwanted("offset", "is for a DOUBLE, and %s is a %s", e.resource.GetName(), e.resource.GetType().Word())
	}
}

// boolean checks the entries of a bit.
func (p *entryParser) boolean(e *entry) {
	if e.resource.GetType() != roostv1.ValueType_VALUE_TYPE_BOOL {
		p.wrong("table", "a %s is a BOOL, and %s is a %s", e.table, e.resource.GetName(), e.resource.GetType().Word())
	}
	if !e.table.bits() && e.bit == noBit {
		p.wrong("bit", "is needed: which bit of the register %s is", e.resource.GetName())
	}
	if e.table.bits() {
		p.unwanted("bit", "is for registers, and a %s is a bit", e.table)
		e.bit = noBit
	}
	for _, key := range []string{"encoding", "order", "scale", "offset", "length"} {
		p.unwanted(key, "is for numbers and text, and %s is a BOOL", e.resource.GetName())
	}
}

// fits checks that the resource is within its table, and can be written if it is to be.
func (p *entryParser) fits(e *entry) {
	if int(e.address)+e.count-1 > math.MaxUint16 {
		p.wrong("address", "%d registers from %d go beyond the last, which is %d", e.count, e.address, math.MaxUint16)
	}
	if !e.resource.Writable() {
		p.unwanted("write", "%s cannot be written", e.resource.GetName())
		return
	}
	switch {
	case !e.table.writable():
		p.wrong("table", "%s is to be written, and nobody can write to the table %q", e.resource.GetName(), e.table)
	case e.write == writeSingle && e.count > 1:
		p.wrong("write", "single writes one register, and %s has %d", e.resource.GetName(), e.count)
	case e.bit != noBit && e.write != writeAuto:
		p.wrong("write", "a bit of a register is written in one way only")
	}
}

// unwanted complains of a key that is given and says nothing here.
func (p *entryParser) unwanted(key, format string, args ...any) {
	if _, given := p.given[key]; given {
		p.wrong(key, format, args...)
	}
}

// address reads the address, in decimal, or in hexadecimal after 0x.
func (p *entryParser) address() uint16 {
	text, given := p.given["address"]
	if !given {
		p.wrong("address", "is needed: 0 to %d", math.MaxUint16)
		return 0
	}
	n, err := parseAddressNumber(text)
	if err != nil {
		p.wrong("address", "%q is not a number from 0 to %d", text, math.MaxUint16)
	}
	return n
}

func parseAddressNumber(text string) (uint16, error) {
	base := 10
	if len(text) > 2 && (text[:2] == "0x" || text[:2] == "0X") {
		text, base = text[2:], 16
	}
	n, err := strconv.ParseUint(text, base, 16)
	return uint16(n), err
}

func (p *entryParser) word(key, otherwise string, words ...string) string {
	word, given := p.given[key]
	if !given {
		return otherwise
	}
	if !slices.Contains(words, word) {
		p.wrong(key, "%q is none of %v", word, words)
		return otherwise
	}
	return word
}

func (p *entryParser) integer(key string, otherwise, from, to int) int {
	text, given := p.given[key]
	if !given {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < from || n > to {
		p.wrong(key, "%q is not a number from %d to %d", text, from, to)
		return from
	}
	return n
}

func (p *entryParser) number(key string, otherwise float64) float64 {
	text, given := p.given[key]
	if !given {
		return otherwise
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		p.wrong(key, "%q is not a number", text)
		return otherwise
	}
	return n
}
