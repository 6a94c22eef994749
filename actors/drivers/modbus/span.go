package modbus

import (
	"cmp"
	"slices"

	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
)

// span is what one request reads: a run of bits or registers of a table, and the entries that lie in it.
type span struct {
	table   table
	address uint16
	count   int
	entries []*entry
	request frame.Request // what reads it
}

// maxReadBits is how many bits one request reads at most.
const maxReadBits = 2000

// spans puts entries into as few requests as may be: neighbours of one table go together if no more than gap values that
// nobody asked for lie between them, and no request reads more than most registers. The same entries always give the same spans.
func spans(entries []*entry, gap, most int) []span {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.address, b.address), cmp.Compare(a.count, b.count))
	})
	var all []span
	for _, e := range sorted {
		if n := len(all); n == 0 || !all[n-1].take(e, gap, most) {
			all = append(all, lone(e))
		}
	}
	return all
}

// lone is the span of one entry.
func lone(e *entry) span {
	return span{
		table: e.table, address: e.address, count: e.count, entries: []*entry{e},
		request: frame.Request{Function: readers[e.table], Address: e.address, Count: uint16(e.count)},
	}
}

// take adds an entry that does not begin before the span, if it may.
func (s *span) take(e *entry, gap, most int) bool {
	if e.table.bits() {
		gap, most = 16*gap, maxReadBits // as many bytes
	}
	begin, end := int(e.address)-int(s.address), int(e.address)-int(s.address)+e.count
	if e.table != s.table || begin > s.count+gap || max(end, s.count) > most {
		return false
	}
	s.count = max(end, s.count)
	s.request.Count = uint16(s.count)
	s.entries = append(s.entries, e)
	return true
}

// readers are the functions that read tables.
var readers = map[table]frame.Function{
	coils: frame.ReadCoils, discretes: frame.ReadDiscreteInputs, holdings: frame.ReadHoldingRegisters, inputs: frame.ReadInputRegisters,
}

// part returns the part of a response that is an entry's.
func (s *span) part(e *entry, r *frame.Response) part {
	begin := int(e.address - s.address)
	if s.table.bits() {
		return part{bits: r.Bits[begin : begin+e.count]}
	}
	return part{registers: r.Registers[begin : begin+e.count]}
}
