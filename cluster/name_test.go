package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSecondProcessIsRefused: while a gateway lives, another process cannot have its name, and says whose
// it is. The first goes on as before, and tells the fleet, once.
func TestSecondProcessIsRefused(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	apply(t, newClient(t, hub), newDevice("d1"))
	first := newHost("g1")
	g, _ := startGateway(t, hub, first)
	epoch := first.assigned(t, "d1", nil).Epoch
	incarnation := g.Incarnation()

	events := newClient(t, hub).Events(t.Context())
	second, err := cluster.NewGateway(cluster.Config{
		Fleet: "test", ID: "g1", Conn: hub.Connect(t), Host: newHost("g1"), Lease: lease.Terms{Lease: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), askWait)
	defer cancel()
	err = second.Run(ctx)
	if !errors.Is(err, roostv1.ErrConflict) || !strings.Contains(err.Error(), "gateway g1 is running already") {
		t.Errorf("the second: got %v, want ErrConflict that says so", err)
	}
	if a := first.served()["d1"]; a.GetEpoch() != epoch || g.Incarnation() != incarnation {
		t.Errorf("the first was disturbed: serves %v, as %s", a, g.Incarnation())
	}
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(e.Message, "gateway g1 has its name, and another process wants it too") {
			for _, want := range []string{"stop process %d on host ", "this one is process %d"} {
				if want = fmt.Sprintf(want, os.Getpid()); !strings.Contains(e.Message, want) {
					t.Errorf("it is not told which one: %q has no %q", e.Message, want)
				}
			}
			break
		}
	}
}

// dead puts a gateway on record that never left, and a bus that it owned.
func dead(t *testing.T, hub *clustertest.Hub, lasts time.Duration) {
	names := newFleet(t, hub)
	apply(t, newClient(t, hub), newDevice("d1"))
	nc := hub.Connect(t)
	publish(t, nc, names.Member("g1"), encode(t, &roostv1.Member{
		GatewayId: "g1", Incarnation: "died", State: roostv1.MemberState_MEMBER_STATE_LIVE, Renewal: 7, Lease: durationpb.New(lasts),
	}))
	publish(t, nc, names.Owner("d1"), encode(t, &roostv1.Ownership{Bus: "d1", Gateway: "g1", Incarnation: "died"}))
}

// TestProvenPredecessorIsReplacedAtOnce: whoever can prove that the process before it has ended need not
// wait for the end of its lease.
func TestProvenPredecessorIsReplacedAtOnce(t *testing.T) {
	hub := clustertest.Start(t)
	dead(t, hub, 5*time.Minute) // waiting for that would end the test
	h := newHost("g1")
	startGateway(t, hub, h, func(c *cluster.Config) { c.Ended = []string{"earlier", "died"} })
	h.assigned(t, "d1", nil)
}

// TestPredecessorIsWaitedFor: without a proof a gateway waits as its peers would, evicts its own
// predecessor and takes over, also when there is no peer.
func TestPredecessorIsWaitedFor(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	dead(t, hub, time.Second)
	h := newHost("g1")
	began := time.Now()
	startGateway(t, hub, h)
	h.assigned(t, "d1", nil)
	if took := time.Since(began); took < time.Second {
		t.Errorf("taken over after %v: the predecessor's lease was not waited for", took)
	}
}

// TestIncarnationIsToldBeforeItIsUsed: whoever proves ends must know of every incarnation before it acts, and
// can forbid it.
func TestIncarnationIsToldBeforeItIsUsed(t *testing.T) {
	hub := clustertest.Start(t)
	full := errors.New("no room")
	g, err := cluster.NewGateway(cluster.Config{
		Fleet: "test", ID: "g1", Conn: hub.Connect(t), Host: newHost("g1"),
		Begun: func(incarnation string) error {
			if incarnation == "" {
				t.Error("an incarnation without a name")
			}
			return full
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Run(t.Context()); !errors.Is(err, full) {
		t.Errorf("run: got %v, want the error of Begun", err)
	}
	if m := g.Picture().Member("g1"); m != nil {
		t.Errorf("it joined all the same: %v", m)
	}
}
