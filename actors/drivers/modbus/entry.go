package modbus

import (
	"math"
	"strconv"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/scale"
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
	name     string            // the resource's
	kind     roostv1.ValueType // of the values that are read
	table    table
	address  uint16
	count    int // of bits or registers
	encoding encoding
	order    order
	scale    scale.Scale
	bit      int // or noBit
	write    string
}

var entryKeys = []string{"table", "address", "encoding", "order", "scale", "offset", "bit", "length", "write"}

// parseEntries reads the entries of a profile's resources, by name. They are usable only if there are no problems.
func parseEntries(p *roostv1.Profile) (map[string]*entry, roostv1.Problems) {
	entries := make(map[string]*entry, len(p.GetResources()))
	var problems roostv1.Problems
	for i, r := range p.GetResources() {
		parser := entryParser{keys.OfResource(Name, p, i)}
		entries[r.GetName()] = parser.entry(r)
		problems = append(problems, parser.Problems()...)
	}
	return entries, problems
}

type entryParser struct{ *keys.Keys }

func (p entryParser) entry(r *roostv1.Resource) *entry {
	p.Know(entryKeys...)
	e := &entry{
		resource: r,
		name:     r.GetName(),
		table:    table(p.Word("table", string(holdings), string(coils), string(discretes), string(holdings), string(inputs))),
		address:  p.address(),
		order:    order(p.Word("order", string(orderABCD), string(orderABCD), string(orderCDAB), string(orderBADC), string(orderDCBA))),
		scale:    p.scale(),
		bit:      p.Int("bit", noBit, 0, 15),
		write:    p.Word("write", writeAuto, writeAuto, writeSingle, writeMultiple),
	}
	p.encoding(e)
	p.fits(e)
	e.kind = e.kindOf()
	return e
}

func (p entryParser) scale() scale.Scale {
	factor, offset := p.Float("scale", 1), p.Float("offset", 0)
	if factor == 0 {
		p.Wrong("scale", "is 0, and every value would be the same")
	}
	return scale.New(factor, offset)
}

// encoding finds how the value lies in its registers, and how many there are.
func (p entryParser) encoding(e *entry) {
	e.count = 1
	if e.table.bits() || e.resource.GetType() == roostv1.ValueType_VALUE_TYPE_BOOL {
		p.boolean(e)
		return
	}
	e.encoding = encoding(p.Word("encoding", string(naturalEncoding(e.resource.GetType())), encodingWords...))
	if !e.encoding.suits(e.resource.GetType()) {
		p.Wrong("encoding", "%s is a %s and cannot be made of %s", e.resource.GetName(), e.resource.GetType().Word(), e.encoding)
	}
	if e.encoding.long() {
		e.count = p.Int("length", 1, 1, maxText)
		if !p.Has("length") {
			p.Wrong("length", "is needed: how many registers the %s has", e.encoding)
		}
	} else {
		e.count = e.encoding.registers()
		p.Unwanted("length", "is for text and bytes, and %s has %d registers", e.encoding, e.count)
	}
	p.Unwanted("bit", "is for a BOOL, and %s is a %s", e.resource.GetName(), e.resource.GetType().Word())
	if e.resource.GetType() != roostv1.ValueType_VALUE_TYPE_DOUBLE {
		p.Unwanted("scale", "is for a DOUBLE, and %s is a %s", e.resource.GetName(), e.resource.GetType().Word())
		p.Unwanted("offset", "is for a DOUBLE, and %s is a %s", e.resource.GetName(), e.resource.GetType().Word())
	}
}

// boolean checks the entries of a bit.
func (p entryParser) boolean(e *entry) {
	if e.resource.GetType() != roostv1.ValueType_VALUE_TYPE_BOOL {
		p.Wrong("table", "a %s is a BOOL, and %s is a %s", e.table, e.resource.GetName(), e.resource.GetType().Word())
	}
	if !e.table.bits() && !p.Has("bit") {
		p.Wrong("bit", "is needed: which bit of the register %s is", e.resource.GetName())
	}
	if e.table.bits() {
		p.Unwanted("bit", "is for registers, and a %s is a bit", e.table)
		e.bit = noBit
	}
	for _, key := range []string{"encoding", "order", "scale", "offset", "length"} {
		p.Unwanted(key, "is for numbers and text, and %s is a BOOL", e.resource.GetName())
	}
}

// fits checks that the resource is within its table, and can be written if it is to be.
func (p entryParser) fits(e *entry) {
	if int(e.address)+e.count-1 > math.MaxUint16 {
		p.Wrong("address", "%d registers from %d go beyond the last, which is %d", e.count, e.address, math.MaxUint16)
	}
	if !e.resource.Writable() {
		p.Unwanted("write", "%s cannot be written", e.resource.GetName())
		return
	}
	switch {
	case !e.table.writable():
		p.Wrong("table", "%s is to be written, and nobody can write to the table %q", e.resource.GetName(), e.table)
	case e.write == writeSingle && e.count > 1:
		p.Wrong("write", "single writes one register, and %s has %d", e.resource.GetName(), e.count)
	case e.bit != noBit && e.write != writeAuto:
		p.Wrong("write", "a bit of a register is written in one way only")
	}
}

// address reads the address, in decimal, or in hexadecimal after 0x.
func (p entryParser) address() uint16 {
	text, given := p.Get("address")
	if !given {
		p.Wrong("address", "is needed: 0 to %d", math.MaxUint16)
		return 0
	}
	n, err := parseAddressNumber(text)
	if err != nil {
		p.Wrong("address", "%q is not a number from 0 to %d", text, math.MaxUint16)
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
