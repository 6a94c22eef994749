package check

import (
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// evidence is what is known of the writes to one register beside what their own clients were told.
type evidence struct {
	seen map[string]sighting // by value: where it was seen first
	next map[uint64]string   // by revision: the value that replaced it
	// whole: the hub's stream has told of every write, so that what it does not have was never done.
	whole bool
}

// sighting is when a value was there at the latest, its revision, and which one it replaced; 0: not known.
type sighting struct {
	at               boottime.Instant
	revision, expect uint64
}

func newEvidence(list []*history.Register, limits history.Limits) *evidence {
	e := &evidence{seen: map[string]sighting{}, next: map[uint64]string{}}
	for _, op := range list {
		if op.Outcome != history.RegisterDone || op.Revision == 0 {
			continue
		}
		at := op.At
		if op.Stored {
			at = at.Add(limits.ClockError)
		}
		s, ok := e.seen[op.Value]
		if !ok || at < s.at {
			s.at, s.revision = at, op.Revision
		}
		s.expect = max(s.expect, op.Expect)
		e.seen[op.Value] = s
		if op.Expect != 0 {
			e.next[op.Expect] = op.Value
		}
	}
	e.whole = isWhole(list)
	return e
}

// never reports whether a write of unsure outcome was not done: what it was to replace was replaced by something else, or
// every write is known and it is none of them.
func (e *evidence) never(op *history.Register) bool {
	if _, seen := e.seen[op.Value]; seen {
		return false
	}
	other, replaced := e.next[op.Expect]
	return e.whole || !op.Blind && op.Expect != 0 && replaced && other != op.Value
}

// isWhole reports whether what the stream told of a register is a chain without a gap, up to the last revision that anybody
// saw.
func isWhole(list []*history.Register) bool {
	var chain []*history.Register
	last := uint64(0)
	for _, op := range list {
		if op.Stored {
			chain = append(chain, op)
		}
		last = max(last, op.Revision)
	}
	slices.SortStableFunc(chain, func(a, b *history.Register) int { return compare(a.Revision, b.Revision) })
	for i, link := range chain {
		if i > 0 && link.Expect != chain[i-1].Revision {
			return false
		}
	}
	return len(chain) > 0 && chain[len(chain)-1].Revision == last
}
