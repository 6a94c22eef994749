package cluster_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestContestedClaimsGoTogether: of buses that two gateways claimed at once, those that one of them could have came after as many ways
// to the hub and back as there were buses, one after the other: 1.1 s for six of them at 80 ms each way (mayhem, seed 19, 60 s).
func TestContestedClaimsGoTogether(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	const buses = 100
	expect := map[string]uint64{}
	for i := range buses {
		bus := fmt.Sprintf("bus-%d", i)
		expect[bus] = 0
		if i%2 == 0 { // another gateway was faster
			put(t, nc, names.Owner(bus), encode(t, &roostv1.Ownership{Bus: bus, Gateway: "g2", Incarnation: "run"}))
		}
	}
	claims, err := nc.SubscribeSync(names.Owner("*"))
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	wire := hub.Wire(t)
	far := wire.Connect(t)
	type result struct {
		ends map[string]error
		err  error
	}
	done := make(chan result, 1)
	wire.HoldAfter(`"error"`) // the batch is refused, and then the hub is silent
	go func() {
		ends, err := cluster.WriteOwners(t.Context(), far, names, expect)
		done <- result{ends, err}
	}()
	for i := range 2 * buses {
		if _, err := claims.NextMsg(3 * time.Second); err != nil { // an answer is waited for longer
			t.Fatalf("%d claims came while the hub was silent, and then: %v; want %d together, and each of them again", i, err, buses)
		}
	}
	wire.Resume()
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	for bus, sequence := range expect {
		var i int
		_, _ = fmt.Sscanf(bus, "bus-%d", &i)
		if err, lost := got.ends[bus], i%2 == 0; lost != errors.Is(err, roostv1.ErrConflict) || !lost && err != nil {
			t.Errorf("%s at %d ended with %v", bus, sequence, err)
		}
	}
}
