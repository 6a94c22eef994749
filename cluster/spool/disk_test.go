//go:build linux

package spool_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/spool"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func inState(s *spool.Spool, state roostv1.SpoolState) func() bool {
	return func() bool { return s.Status().State == state }
}

// keep gives a batch again and again until it is taken, and returns how often it was refused.
func keep(t *testing.T, s *spool.Spool, b *roostv1.ReadingBatch) (refused int) {
	t.Helper()
	for ; ; refused++ {
		err := give(t, s, b)
		if err == nil {
			return refused
		}
		if t.Context().Err() != nil || errors.Is(err, roostv1.ErrInvalid) {
			t.Fatal(err)
		}
	}
}

// TestDiskFull: a disk that fills up under the spool while the hub is away, and while it is there. Nothing that was durable is
// lost; readings go straight to the hub meanwhile, and to the disk again when it has room, in the same process.
func TestDiskFull(t *testing.T) {
	disk := clustertest.Mount(t, "size=64m")
	site := newSite(t, clustertest.Start(t))
	var events told
	c := site.config(filepath.Join(disk, "spool"))
	c.Events = events.tell
	s, _ := open(t, c)
	next := uint64(1)
	one := func() { keep(t, s, batch("d000", 1, next, 1)); next++ }
	for range 20 {
		one()
	}
	site.hub.Stop()
	for range 20 {
		one()
	}
	junk := clustertest.Fill(t, disk)
	next = 1 // of d001
	var refused error
	for refused == nil { // what is on its way is given again later, unchanged
		if refused = give(t, s, large("d001", next, 4<<10)); refused == nil {
			next++
		}
	}
	pending := large("d001", next, 4<<10)
	until(t, "the disk is full", inState(s, roostv1.SpoolState_SPOOL_STATE_FULL))
	if err := give(t, s, pending); !errors.Is(err, roostv1.ErrUnavailable) || !strings.Contains(err.Error(), "hub is away") {
		t.Errorf("with a full disk and no hub: %v, want ErrUnavailable and the reasons", err)
	}
	site.hub.Restart()
	if refused := keep(t, s, pending); refused == 0 && s.Status().State == roostv1.SpoolState_SPOOL_STATE_FULL {
		t.Log("the hub was back at once")
	}
	next++
	if err := os.Remove(junk); err != nil {
		t.Fatal(err)
	}
	until(t, "the disk is well again", inState(s, roostv1.SpoolState_SPOOL_STATE_OK))
	site.hub.Stop()
	last := next
	for ; next < last+20; next++ {
		keep(t, s, large("d001", next, 100))
	}
	site.hub.Restart()
	sent(t, s)
	got := readAny(t, site.hub)
	if g := got["d000/1"]; g == nil || g.readings != 40 {
		t.Errorf("d000: %+v, want 40 readings", g)
	}
	if g := got["d001/1"]; g == nil || g.readings != int(next-1) {
		t.Errorf("d001: %+v, want %d readings", g, next-1)
	}
	if f, r := events.count(roostv1.EventKind_EVENT_KIND_STORE_FAILING), events.count(roostv1.EventKind_EVENT_KIND_STORE_RECOVERED); f == 0 || f != r {
		t.Errorf("told %d times that the disk fails, and %d times that it is well", f, r)
	}
}

// TestDiskFullDrains: a disk that the spool's own readings have filled gets well by itself when the hub is back.
func TestDiskFullDrains(t *testing.T) {
	disk := clustertest.Mount(t, "size=24m")
	site := newSite(t, clustertest.Start(t))
	s, _ := open(t, site.config(filepath.Join(disk, "spool")))
	site.hub.Stop()
	n := uint64(0)
	for give(t, s, large("d000", n+1, 64<<10)) == nil {
		n++
	}
	until(t, "the disk is full", inState(s, roostv1.SpoolState_SPOOL_STATE_FULL))
	site.hub.Restart()
	until(t, "the disk is well again", inState(s, roostv1.SpoolState_SPOOL_STATE_OK))
	keep(t, s, large("d000", n+1, 64<<10))
	sent(t, s)
	if g := readAny(t, site.hub)["d000/1"]; g == nil || g.readings != int(n)+1 {
		t.Errorf("%+v, want %d readings", g, n+1)
	}
	t.Logf("%d readings of 64 KiB filled the disk", n)
}

// TestDiskUnusable: a disk that cannot be written to from the beginning does not keep the gateway from running.
func TestDiskUnusable(t *testing.T) {
	disk := clustertest.Mount(t, "size=4m,ro")
	site := newSite(t, clustertest.Start(t))
	var events told
	c := site.config(filepath.Join(disk, "spool"))
	c.Events = events.tell
	s, stop := open(t, c)
	if status := s.Status(); status.State != roostv1.SpoolState_SPOOL_STATE_FAILING || status.Error == "" {
		t.Errorf("the status is %v, want failing, and why", status)
	}
	mustGive(t, s, 5, 1, 1, 5, 2)
	if last := s.Last("d001", 1); last != 10 {
		t.Errorf("last = %d, want 10", last)
	}
	if out, err := exec.Command("mount", "-o", "remount,rw", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	until(t, "the disk works", inState(s, roostv1.SpoolState_SPOOL_STATE_OK))
	site.hub.Stop()
	mustGive(t, s, 5, 1, 11, 5, 2)
	stop()
	if state := s.Status().State; state != roostv1.SpoolState_SPOOL_STATE_OFF {
		t.Errorf("at the end it is %v, want off", state)
	}
	s, _ = open(t, c)
	site.hub.Restart()
	sent(t, s)
	want(t, read(t, site.hub), 5, 1, 20)
	if n := events.count(roostv1.EventKind_EVENT_KIND_STORE_RECOVERED); n != 1 {
		t.Errorf("told %d times that the disk is well, want once", n)
	}
}

// TestInUse: a spool is one process's.
func TestInUse(t *testing.T) {
	site := newSite(t, clustertest.Start(t))
	c := site.config(t.TempDir())
	open(t, c)
	if _, err := spool.Open(c); !errors.Is(err, spool.ErrInUse) || !strings.Contains(err.Error(), c.Folder) {
		t.Errorf("a second one: %v, want ErrInUse and the folder", err)
	}
}

// TestDamaged: files that are damaged cost what they held, and it is told.
func TestDamaged(t *testing.T) {
	site := newSite(t, clustertest.Start(t))
	var events told
	c := site.config(t.TempDir())
	c.Events = events.tell
	s, stop := open(t, c)
	site.hub.Stop()
	mustGive(t, s, 3, 1, 1, 5, 2)
	stop()
	if err := os.RemoveAll(filepath.Join(c.Folder, "js-spool")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cursor"} {
		if err := os.WriteFile(filepath.Join(c.Folder, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, _ = open(t, c)
	if last := s.Last("d001", 1); last != 10 {
		t.Errorf("last = %d, want 10: the marks are in another file", last)
	}
	if n := events.count(roostv1.EventKind_EVENT_KIND_STORE_FAILING); n != 1 {
		t.Errorf("told %d times that something was lost, want once", n)
	}
	site.hub.Restart()
	for d := range 3 {
		keep(t, s, batch(fmt.Sprintf("d%03d", d), 2, 1, 4))
	}
	sent(t, s)
	want(t, read(t, site.hub), 3, 2, 4)
}

// TestFilesLost: the spool's files go while batches are on their way, and it begins anew. What is on its way is of the
// old files: its places say nothing of the new ones, of which as many were taken for sent, and never were.
func TestFilesLost(t *testing.T) {
	disk := clustertest.Mount(t, "size=64m")
	hub := &silent{}
	folder := filepath.Join(disk, "spool")
	s, _ := open(t, spool.Config{Folder: folder, Sink: hub, Link: hub, Spread: -1})
	hub.begin()
	mustGive(t, s, 10, 1, 1, 1, 1)
	until(t, "all are on their way", func() bool { return hub.unanswered() == 10 })
	junk := clustertest.Fill(t, disk)
	go s.Store(batch("other", 1, 1, 5000), func(error) {})
	until(t, "the disk is full", inState(s, roostv1.SpoolState_SPOOL_STATE_FULL))
	if err := errors.Join(os.RemoveAll(filepath.Join(folder, "js-spool")), os.Remove(junk)); err != nil {
		t.Fatal(err)
	}
	until(t, "it takes readings again", inState(s, roostv1.SpoolState_SPOOL_STATE_OK))
	mustGive(t, s, 10, 2, 1, 1, 1)
	hub.end()
	until(t, "what was stored before and after has come", func() bool { return hub.epoch(1) >= 10 && hub.epoch(2) >= 10 })
}
