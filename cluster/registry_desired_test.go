package cluster_test

import (
	"errors"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestDesired: what is desired of a device comes to its host with the assignment, under the same epoch, and each
// change has a revision.
func TestDesired(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1")
	startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	epoch := h.assigned(t, "d1", nil).Epoch
	if d, err := client.Desired(t.Context(), "d1"); err != nil || d.Revision != 0 || d.DeviceId != "d1" {
		t.Errorf("nothing yet: got %v, %v", d, err)
	}
	limit := func(v float64) map[string]*roostv1.Value {
		return map[string]*roostv1.Value{"limit": roostv1.Double(v)}
	}
	d, err := client.SetDesired(t.Context(), "d1", map[string]*roostv1.Value{"limit": roostv1.Int(5)}, nil, "me", "a test")
	if err != nil || d.Revision != 1 || d.Revisions["limit"] != 1 || !proto.Equal(d.Values["limit"], roostv1.Double(5)) || d.Sender != "me" {
		t.Errorf("set: got %v, %v", d, err)
	}
	a := h.assigned(t, "d1", func(a *roostv1.Assignment) bool { return len(a.Desired) == 1 })
	if !proto.Equal(a.Desired[0], d) || a.Epoch != epoch {
		t.Errorf("assigned: got %v under epoch %d, want %v under %d", a.Desired, a.Epoch, d, epoch)
	}
	if same, err := client.SetDesired(t.Context(), "d1", limit(5), nil, "me", ""); err != nil || same.Revision != 1 {
		t.Errorf("set to the same: got %v, %v", same, err)
	}
	if d, err := client.SetDesired(t.Context(), "d1", nil, []string{"limit", "other"}, "me", ""); err != nil || d.Revision != 2 || len(d.Values) != 0 {
		t.Errorf("cleared: got %v, %v", d, err)
	}
	h.assigned(t, "d1", func(a *roostv1.Assignment) bool { return len(a.Desired) == 1 && a.Desired[0].Revision == 2 })
	for name, test := range map[string]struct {
		device string
		set    map[string]*roostv1.Value
		want   error
	}{
		"no such device":    {"d9", limit(1), roostv1.ErrNotFound},
		"no such resource":  {"d1", map[string]*roostv1.Value{"colour": roostv1.Int(1)}, roostv1.ErrInvalid},
		"cannot be written": {"d1", map[string]*roostv1.Value{"temperature": roostv1.Double(1)}, roostv1.ErrInvalid},
		"another type":      {"d1", map[string]*roostv1.Value{"limit": roostv1.Text("x")}, roostv1.ErrInvalid},
	} {
		if d, err := client.SetDesired(t.Context(), test.device, test.set, nil, "me", ""); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, %v, want %v", name, d, err, test.want)
		}
	}
}

// TestDesiredRace: of many that change at one time, none is lost.
func TestDesiredRace(t *testing.T) {
	const many = 4
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	var setting sync.WaitGroup
	for i := range many {
		setting.Go(func() {
			if _, err := client.SetDesired(t.Context(), "d1", map[string]*roostv1.Value{"limit": roostv1.Double(float64(i + 1))}, nil, "me", ""); err != nil {
				t.Error(err)
			}
		})
	}
	setting.Wait()
	if d, err := client.Desired(t.Context(), "d1"); err != nil || d.Revision != many {
		t.Errorf("got %v, %v, want revision %d", d, err, many)
	}
}

// TestReplaceDesired: who knows what is desired replaces just that, and of many that replace the same one does.
func TestReplaceDesired(t *testing.T) {
	const many = 4
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	limit := func(v float64) map[string]*roostv1.Value {
		return map[string]*roostv1.Value{"limit": roostv1.Double(v)}
	}
	if d, err := client.ReplaceDesired(t.Context(), "d1", 0, limit(1), nil, "me", ""); err != nil || d.Revision != 1 {
		t.Fatalf("where nothing was desired: got %v, %v", d, err)
	}
	for _, other := range []uint64{0, 2} {
		if d, err := client.ReplaceDesired(t.Context(), "d1", other, limit(2), nil, "me", ""); !errors.Is(err, roostv1.ErrConflict) {
			t.Errorf("in place of revision %d: got %v, %v, want a conflict", other, d, err)
		}
	}
	var setting sync.WaitGroup
	results := make([]error, many)
	for i := range many {
		setting.Go(func() {
			_, results[i] = client.ReplaceDesired(t.Context(), "d1", 1, limit(float64(10+i)), nil, "me", "")
		})
	}
	setting.Wait()
	replaced := 0
	for i, err := range results {
		switch {
		case err == nil:
			replaced++
		case !errors.Is(err, roostv1.ErrConflict):
			t.Errorf("%d: %v, want a conflict", i, err)
		}
	}
	if d, err := client.Desired(t.Context(), "d1"); err != nil || d.Revision != 2 || replaced != 1 {
		t.Errorf("got %v, %v; %d replaced revision 1, want one", d, err, replaced)
	}
}

// TestDesiredInDoubt: the acknowledgement of a change was lost, and then the connection: that the hub is away says nothing of
// the change, which was made.
func TestDesiredInDoubt(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	wire := hub.Wire(t)
	far, err := cluster.NewClient(wire.Connect(t), "test")
	if err != nil {
		t.Fatal(err)
	}
	wire.EndAfter("HPUB roost.test.spec.desired.d1")
	limit := map[string]*roostv1.Value{"limit": roostv1.Double(5)}
	if d, err := far.SetDesired(t.Context(), "d1", limit, nil, "me", ""); !errors.Is(err, roostv1.ErrOutcomeUnknown) {
		t.Errorf("got %v, %v, want ErrOutcomeUnknown", d, err)
	}
	until(t, "it is changed", func() bool {
		d, err := client.Desired(t.Context(), "d1")
		return err == nil && d.Revision == 1
	})
}
