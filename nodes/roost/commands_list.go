package main

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// collect takes all records, of each command the last one, and returns them in the order in which they were
// accepted: with a limit only the last ones, and how many were left out.
func (c *commandsCommand) collect(all iter.Seq2[*roostv1.CommandRecord, error]) (list []*roostv1.CommandRecord, left int, err error) {
	records := map[commandKey]*roostv1.CommandRecord{} // one may change while the rest is read
	for record, err := range all {
		switch {
		case errors.Is(err, roostv1.ErrInvalid):
			c.unreadable(err)
			continue
		case err != nil:
			return nil, 0, err
		}
		records[keyOf(record)] = record
		if c.limit > 0 && len(records) >= 2*c.limit+spareRecords { // the history may be long
			left += c.trim(records)
		}
	}
	left += c.trim(records)
	return slices.SortedFunc(maps.Values(records), byAcceptance), left, nil
}

// spareRecords is how many records are kept beyond twice the limit, so that they are not sorted for each.
const spareRecords = 1000

// trim leaves the last records, as many as there may be, and returns how many it took out.
func (c *commandsCommand) trim(records map[commandKey]*roostv1.CommandRecord) (out int) {
	if c.limit == 0 {
		return 0
	}
	sorted := slices.SortedFunc(maps.Values(records), byAcceptance)
	for _, r := range sorted[:max(len(sorted)-c.limit, 0)] {
		delete(records, keyOf(r))
		out++
	}
	return out
}

func byAcceptance(a, b *roostv1.CommandRecord) int {
	return cmp.Or(cmp.Compare(a.GetOrder(), b.GetOrder()), cmp.Compare(a.GetCommandId(), b.GetCommandId()))
}
