package cluster_test

import (
	"testing"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
)

func watch(p *cluster.Peers, device string) (ended <-chan bool, cancel func()) {
	ends := make(chan bool, 10)
	return ends, p.Watch(device, func(known bool) { ends <- known })
}

// TestWatchEndsWithTheDevice: a retirement is told once, to all that watch still; a move is not
// told, and a device that is not there is told of at once.
func TestWatchEndsWithTheDevice(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	apply(t, client, only("moves", "g2", "g3"), only("other", "g2"))
	g1, _, _ := live(t, hub, newDelivered("g1"))
	early, _ := watch(g1.Peers(), "moves") // the registry may not have been read yet
	ghost, _ := watch(g1.Peers(), "ghost")
	end := func(ends <-chan bool) bool { return take(t, "end", ends) }
	if end(ghost) {
		t.Error("a device that never was is told of as known")
	}
	_, _, stop := live(t, hub, newDelivered("g2"))
	routed(t, g1, "moves", "g2")
	ended, _ := watch(g1.Peers(), "moves")
	cancelled, cancel := watch(g1.Peers(), "moves")
	other, _ := watch(g1.Peers(), "other")
	cancel()
	live(t, hub, newDelivered("g3"))
	stop()
	routed(t, g1, "moves", "g3")
	if len(ended) != 0 {
		t.Error("a move is told of as an end")
	}
	if err := client.Retire(t.Context(), "moves"); err != nil {
		t.Fatal(err)
	}
	if !end(ended) || !end(early) {
		t.Error("a device that was there is told of as not known")
	}
	if err := client.Retire(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	end(other)
	if len(ended) != 0 || len(cancelled) != 0 {
		t.Errorf("told %d times more, and %d times who no longer watches", len(ended), len(cancelled))
	}
	if retired, _ := watch(g1.Peers(), "moves"); end(retired) {
		t.Error("a device that was retired before is told of as known")
	}
}
