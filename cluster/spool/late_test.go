package spool_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/spool"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// marks returns the first sequences of what came, those that were marked backfill below zero.
func (h *silent) marks() (all []int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.came {
		n := int(b.FirstSequence)
		if b.Backfill {
			n = -n
		}
		all = append(all, n)
	}
	return all
}

// TestLateIsMarked: what is sent more than a second after it was measured, or under an epoch that is over, is no live
// reading.
func TestLateIsMarked(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	var over atomic.Uint64 // epochs up to this one
	hub := &silent{}
	s, _ := open(t, spool.Config{
		Folder: t.TempDir(), Sink: hub, Link: hub, Spread: -1, BootID: "this",
		Outdated: func(_ string, epoch uint64) bool { return epoch <= over.Load() },
	})
	one := func(epoch, sequence uint64, age time.Duration) {
		t.Helper()
		b := batch("d000", epoch, sequence, 1)
		b.BootId, b.MonotonicUs = "this", (time.Duration(clock.Now()) - age).Microseconds()
		if err := give(t, s, b); err != nil {
			t.Fatal(err)
		}
		sent(t, s)
	}
	one(1, 1, 0) // it may have come before the spool was ready
	one(1, 2, 0)
	one(1, 3, 3*time.Second)
	one(1, 4, 0)
	over.Store(1)
	one(1, 5, 0)
	one(2, 6, 0)
	if got, want := hub.marks()[1:], []int{2, -3, 4, -5, 6}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: those below zero are backfill", got, want)
	}
}

// TestGivenAgainIsMarked: a live batch that failed, and comes late at another attempt, is no live reading any more. What
// was stored behind it comes behind it.
func TestGivenAgainIsMarked(t *testing.T) {
	hub := &silent{}
	s, _ := open(t, spool.Config{Folder: t.TempDir(), Sink: hub, Link: hub, Spread: -1})
	hub.begin()
	mustGive(t, s, 1, 1, 1, 1, 1)
	until(t, "it is on its way", func() bool { return hub.unanswered() == 1 })
	<-time.After(1100 * time.Millisecond)
	mustGive(t, s, 1, 1, 2, 1, 1)
	hub.end()
	sent(t, s)
	if got, want := hub.marks(), []int{-1, -2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: those below zero are backfill", got, want)
	}
}

// TestOutdatedWhileDraining: what is sampled under an epoch that is over, while the backlog of the same device drains,
// waits behind that: both are marked, and a mark promises the order.
func TestOutdatedWhileDraining(t *testing.T) {
	var over atomic.Bool
	hub := &silent{}
	s, _ := open(t, spool.Config{
		Folder: t.TempDir(), Sink: hub, Link: hub, Spread: -1, BackfillRate: 2000,
		Outdated: func(string, uint64) bool { return over.Load() },
	})
	hub.begin()
	mustGive(t, s, 20, 1, 1, 1, 1)
	until(t, "all are on their way", func() bool { return hub.unanswered() == 20 })
	mustGive(t, s, 20, 1, 2, 5, 50)
	over.Store(true)
	hub.end()
	until(t, "the backlog is drained", func() bool { return len(hub.marks()) > 20 })
	mustGive(t, s, 20, 1, 252, 5, 1)
	sent(t, s)
	hub.inOrder(t)
	for _, b := range hub.came {
		if !b.Backfill && b.FirstSequence >= 252 {
			t.Errorf("%s: %d is of an epoch that is over, and not marked", b.DeviceId, b.FirstSequence)
		}
	}
	if state := s.Status().State; state != roostv1.SpoolState_SPOOL_STATE_OK {
		t.Errorf("the spool is %v", state)
	}
}
