package cluster_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestDrain: a gateway that is asked to hands over all that another one can serve.
func TestDrain(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	ids := []string{"d1", "d2", "d3", "d4"}
	attached := newDevice("attached")
	attached.Placement = &roostv1.Placement{Gateways: []string{"g1"}}
	apply(t, client, newDevice("d1"), newDevice("d2"), newDevice("d3"), newDevice("d4"), attached)

	first := newHost("g1")
	_, stop := startGateway(t, hub, first)
	for _, bus := range append(slices.Clone(ids), "attached") {
		if first.served()[bus] == nil {
			first.assigned(t, bus, nil)
		}
	}
	second := newHost("g2")
	startGateway(t, hub, second)
	picture, _ := follow(t, hub, newFleet(t, hub))
	untilPicture(t, picture, func() bool { return picture.Member("g2").GetState() == roostv1.MemberState_MEMBER_STATE_LIVE })

	if err := client.Drain(t.Context(), "g1"); err != nil {
		t.Fatal(err)
	}
	for _, bus := range ids {
		untilPicture(t, picture, func() bool { return picture.Owner(bus).Gateway == "g2" })
	}
	r, err := client.Remaining(t.Context(), "g1")
	if err != nil || !slices.Equal(r.Buses, []string{"attached"}) || !slices.Equal(r.Stranded, r.Buses) {
		t.Errorf("remaining: got %v, %v, want what only g1 can reach", r, err)
	}
	if r, err := client.Remaining(t.Context(), "g2"); err != nil || !slices.Equal(r.Buses, ids) {
		t.Errorf("remaining of g2: got %v, %v", r, err)
	}
	story, err := client.Why(t.Context(), "d1")
	if err != nil || story.Candidates[1].Reason != "draining" {
		t.Errorf("story: got %v, %v, want g1 to be draining", story, err)
	}
	if last := story.Takeovers[len(story.Takeovers)-1]; last.Gateway != "g2" || last.Epoch != story.Epoch {
		t.Errorf("the last takeover: got %v", last)
	}
	if err := client.Drain(t.Context(), "g1"); err != nil {
		t.Errorf("asked again: got %v", err)
	}
	stop()
	if err := client.Drain(t.Context(), "g1"); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("after it left: got %v, want ErrUnavailable", err)
	}
	if err := client.Drain(t.Context(), "g9"); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("a gateway that never joined: got %v, want ErrNotFound", err)
	}
	if err := client.Drain(t.Context(), "g.1"); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("no id: got %v, want ErrInvalid", err)
	}
}

// untilPicture waits until the picture is as wanted.
func untilPicture(tb testing.TB, picture *cluster.Picture, wanted func() bool) {
	tb.Helper()
	changes := picture.Watch()
	defer changes.Close()
	for !wanted() {
		await(tb, "a change of the picture", changes.Ready(), func(struct{}) bool { return true })
		changes.Take()
	}
}
