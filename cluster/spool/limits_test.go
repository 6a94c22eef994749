package spool_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// told keeps events.
type told struct {
	mu     sync.Mutex
	events []*roostv1.Event
}

func (e *told) tell(event *roostv1.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, event)
}

func (e *told) count(kind roostv1.EventKind) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.events {
		if event.Kind == kind {
			n++
		}
	}
	return n
}

// large is a batch of one reading of some size, whose value says its sequence.
func large(device string, first uint64, bytes int) *roostv1.ReadingBatch {
	b := batch(device, 1, first, 1)
	b.Readings[0].Resource = strings.Repeat("x", bytes)
	return b
}

// TestSizeLimit: what does not fit is dropped from its oldest end, and declared to the last reading, also by a device that says
// nothing more, and also when the process ends in between.
func TestSizeLimit(t *testing.T) {
	site := newSite(t, clustertest.Start(t))
	var events told
	c := site.config(t.TempDir())
	c.MaxBytes, c.Events = 1<<20, events.tell
	s, stop := open(t, c)
	site.hub.Stop()
	const quiet, noisy = 20, 300
	for i := range quiet {
		if err := give(t, s, large("quiet", uint64(i+1), 4<<10)); err != nil {
			t.Fatal(err)
		}
	}
	missed := batch("noisy", 1, 1, 1)
	missed.MissedPolls = 7
	if err := give(t, s, missed); err != nil {
		t.Fatal(err)
	}
	for i := range noisy - 1 {
		if err := give(t, s, large("noisy", uint64(i+2), 8<<10)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "it fits", func() bool { return s.Status().Bytes <= 1<<20 && s.Status().Dropped > 0 })
	stop()
	s, _ = open(t, c)
	site.hub.Restart()
	sent(t, s)
	until(t, "all is declared", func() bool { return len(read(t, site.hub)) == 2 })
	got := read(t, site.hub)
	q, n := got["quiet/1"], got["noisy/1"]
	dropped := s.Status().Dropped
	if q.dropped != quiet || q.readings != 0 {
		t.Errorf("quiet: %d readings and %d dropped, want 0 and %d", q.readings, q.dropped, quiet)
	}
	if n.readings+int(n.dropped) != noisy || n.last != noisy || n.missed != 7 || n.readings < 50 {
		t.Errorf("noisy: %d readings up to %d, %d dropped and %d missed polls, want %d in all, and 7 missed polls", n.readings, n.last, n.dropped, n.missed, noisy)
	}
	if dropped != q.dropped+n.dropped {
		t.Errorf("the status says that %d were dropped, the stream %d", dropped, q.dropped+n.dropped)
	}
	if n := events.count(roostv1.EventKind_EVENT_KIND_READINGS_DROPPED); n != 1 {
		t.Errorf("it was told %d times, want once a minute", n)
	}
}

// TestAgeLimit: readings that are too old are dropped, by the boot clock within a boot, and by the hub's time beyond it. What
// has no known age stays, whatever this machine's clock says.
func TestAgeLimit(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	site := newSite(t, clustertest.Start(t))
	hubTime := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	c := site.config(t.TempDir())
	c.MaxAge, c.BootID = time.Hour, "this"
	c.HubTime = func() (time.Time, bool) { return hubTime, true }
	s, _ := open(t, c)
	site.hub.Stop()
	boot := func(id string, age time.Duration) func(*roostv1.ReadingBatch) {
		return func(b *roostv1.ReadingBatch) {
			b.BootId, b.MonotonicUs = id, (time.Duration(clock.Now()) - age).Microseconds()
			b.ClockState = roostv1.ClockState_CLOCK_STATE_UNSYNCED
		}
	}
	hub := func(age time.Duration) func(*roostv1.ReadingBatch) {
		return func(b *roostv1.ReadingBatch) { b.BootId, b.BaseTime = "earlier", timestamppb.New(hubTime.Add(-age)) }
	}
	for i, test := range []struct {
		made func(*roostv1.ReadingBatch)
		kept bool
	}{
		{boot("this", 2*time.Hour), false},
		{hub(2 * time.Hour), false},
		{boot("earlier", 2*time.Hour), true}, // from here on the oldest one stays, and all behind it with it
		{boot("this", time.Minute), true},
		{hub(time.Minute), true},
	} {
		b := batch(fmt.Sprintf("d%03d", i), 1, 1, 1)
		test.made(b)
		if err := give(t, s, b); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "two are dropped", func() bool { return s.Status().Dropped == 2 })
	site.hub.Restart()
	sent(t, s)
	got := map[string]*series{}
	until(t, "all is declared", func() bool { got = readLoose(t, site.hub); return len(got) == 5 })
	for i := range 5 {
		key, dropped := fmt.Sprintf("d%03d/1", i), i < 2
		if s := got[key]; (s.dropped == 1) != dropped || (s.readings == 1) == dropped {
			t.Errorf("%s: %d readings and %d dropped", key, s.readings, s.dropped)
		}
	}
}
