package load

import (
	"maps"
	"slices"
	"sync"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Tally counts what clients were told, for the live line. The zero Tally is ready for use.
type Tally struct {
	mu      sync.Mutex
	states  map[history.State]int // "": no answer
	skipped int
	open    map[Open]bool
}

// Open is a command of which a client does not know the end.
type Open struct{ Device, ID string }

// count takes the last word on a command into account. One that may have been accepted, and has not ended, is open.
func (t *Tally) count(o Open, s history.State, mayBe bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.states == nil {
		t.states = map[history.State]int{}
	}
	t.states[s]++
	if mayBe && !s.Final() {
		if t.open == nil {
			t.open = map[Open]bool{}
		}
		t.open[o] = true
	}
}

// Open returns the commands of which no client knows the end.
func (t *Tally) Open() []Open {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.open))
}

// Ended notes that the end of a command is known now, or that it was never accepted.
func (t *Tally) Ended(o Open) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, o)
}

func (t *Tally) skip() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped++
}

// States returns how many commands ended how; "": those without an answer.
func (t *Tally) States() map[history.State]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.states)
}

// Skipped is how many commands were not sent since too many were open.
func (t *Tally) Skipped() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.skipped
}
