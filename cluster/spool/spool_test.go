package spool_test

import (
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest"
)

// TestForwards: what is stored comes to the hub, complete and in order.
func TestForwards(t *testing.T) {
	site := newSite(t, clustertest.Start(t))
	s, _ := open(t, site.config(t.TempDir()))
	mustGive(t, s, 20, 7, 1, 30, 3)
	sent(t, s)
	want(t, read(t, site.hub), 20, 7, 90)
	if last := s.Last("d003", 7); last != 90 {
		t.Errorf("last = %d, want 90", last)
	}
}

// TestOutage: what is stored while the hub is away comes when it is back, in order and marked, also what was stored by a process before.
func TestOutage(t *testing.T) {
	site := newSite(t, clustertest.Start(t))
	folder := t.TempDir()
	s, stop := open(t, site.config(folder))
	mustGive(t, s, 10, 7, 1, 10, 2)
	sent(t, s)
	site.hub.Stop()
	mustGive(t, s, 10, 7, 21, 10, 2)
	stop()
	s, _ = open(t, site.config(folder))
	if last, waiting := s.Last("d003", 7), s.Status().Waiting; last != 40 || waiting != 200 {
		t.Errorf("after a restart: last = %d, waiting = %d, want 40 and 200", last, waiting)
	}
	mustGive(t, s, 10, 7, 41, 10, 2)
	site.hub.Restart()
	sent(t, s)
	want(t, read(t, site.hub), 10, 7, 60)
}
