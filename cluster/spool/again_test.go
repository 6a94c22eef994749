package spool_test

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/spool"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// silent is a hub over a link that never looks broken: while it is half open nothing is answered, until nobody waits
// for that any more.
type silent struct {
	mu       sync.Mutex
	halfOpen bool
	waiting  []func(error)
	came     []*roostv1.ReadingBatch
}

func (*silent) IsConnected() bool { return true }

func (h *silent) Store(b *roostv1.ReadingBatch, done func(error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.halfOpen {
		h.waiting = append(h.waiting, done)
		return
	}
	h.came = append(h.came, proto.CloneOf(b))
	done(nil)
}

// begin ends the answers.
func (h *silent) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.halfOpen = true
}

// end has it answer again: what was not answered failed.
func (h *silent) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.halfOpen = false
	for _, done := range h.waiting {
		done(roostv1.Errorf(roostv1.ErrOutcomeUnknown, "no answer"))
	}
	h.waiting = nil
}

func (h *silent) unanswered() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting)
}

// epoch is how many batches came of an epoch.
func (h *silent) epoch(epoch uint64) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.came {
		if b.Epoch == epoch {
			n++
		}
	}
	return n
}

// inOrder checks that what came is in the order of each device and lane.
func (h *silent) inOrder(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	next := map[string]uint64{}
	for _, b := range h.came {
		lane := fmt.Sprintf("%s, backfill %v", b.DeviceId, b.Backfill)
		if b.FirstSequence < next[lane] {
			t.Errorf("%s: %d comes after %d", lane, b.FirstSequence, next[lane]-1)
		}
		next[lane] = b.FirstSequence + uint64(len(b.Readings))
	}
}

// TestAllGivenAgain: batches of many devices fail over a link that stays up. When the first of them worked at another
// attempt, the others were never tried again, and their devices sent nothing more.
func TestAllGivenAgain(t *testing.T) {
	const devices = 50
	hub := &silent{}
	s, _ := open(t, spool.Config{Folder: t.TempDir(), Sink: hub, Link: hub, Spread: -1})
	hub.begin()
	mustGive(t, s, devices, 1, 1, 1, 1)
	until(t, "all are on their way", func() bool { return hub.unanswered() == devices })
	mustGive(t, s, devices, 1, 2, 3, 1)
	hub.end()
	sent(t, s)
	hub.inOrder(t)
}
