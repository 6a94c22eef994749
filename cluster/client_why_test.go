package cluster_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func site(name string) func(*cluster.Config) {
	return func(c *cluster.Config) { c.Labels = map[string]string{"site": name} }
}

// TestWhy: who could own the bus of a device, who could not and for what reason, and how it came to its owner.
func TestWhy(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	one, other := newDevice("d1"), newDevice("d2")
	one.Bus, other.Bus = "line", "line"
	one.Placement = &roostv1.Placement{Selector: map[string]string{"site": "south"}}
	other.Placement = one.Placement
	apply(t, client, one, other, newDevice("elsewhere"))
	publish(t, hub.Connect(t), names.Member("g4"), encode(t, &roostv1.Member{
		GatewayId: "g4", Incarnation: "died", State: roostv1.MemberState_MEMBER_STATE_EVICTED, EvictedBy: "g2",
	}))

	story := why(t, client, "d1")
	if story.Owner != "" || story.Epoch != 0 || story.Status.State != roostv1.DeviceState_DEVICE_STATE_UNPLACED || len(story.Takeovers) != 0 {
		t.Errorf("before there is a gateway: got %v", story)
	}
	first, second := newHost("g1"), newHost("g2")
	g1, stop := startGateway(t, hub, first, site("south"))
	epoch := first.assigned(t, "line", nil).Epoch
	startGateway(t, hub, second, site("south"))
	third, _ := startGateway(t, hub, newHost("g3"), site("north"))
	picture, _ := follow(t, hub, names)
	nc := hub.Connect(t)
	for _, id := range []string{"g1", "g2", "g3"} {
		untilPicture(t, picture, func() bool { return picture.Member(id) != nil })
		until(t, id+" answers", func() bool {
			_, err := nc.Request(names.GatewayStatus(id), nil, askWait)
			return err == nil
		})
	}
	g1.Emit(&roostv1.Event{DeviceId: "d1", Kind: roostv1.EventKind_EVENT_KIND_FAILED, Message: "no answer"})
	third.Emit(&roostv1.Event{DeviceId: "d1", Kind: roostv1.EventKind_EVENT_KIND_OPENED})
	third.Emit(&roostv1.Event{DeviceId: "d2", Kind: roostv1.EventKind_EVENT_KIND_OPENED})

	story = why(t, client, "d1")
	if story.Bus != "line" || !slices.Equal(story.BusDevices, []string{"d1", "d2"}) || story.Attached {
		t.Errorf("the bus: got %v", story)
	}
	if story.Owner == "g1" && story.Epoch != epoch { // else it was handed over already
		t.Errorf("the owner: got epoch %d, want %d", story.Epoch, epoch)
	}
	var lines []string
	for _, c := range story.Candidates[2:] {
		lines = append(lines, fmt.Sprintf("%s %d %s answers %v", c.GatewayId, c.Rank, c.Reason, c.Answers))
	}
	want := []string{`g3 0 label site is "north" and not "south" answers true`, "g4 0 evicted by g2 answers false"}
	if !slices.Equal(lines, want) {
		t.Errorf("who cannot own it: got %q, want %q", lines, want)
	}
	for i, c := range story.Candidates[:2] {
		if !c.Eligible || c.Rank != uint32(i+1) || c.Reason != "" {
			t.Errorf("candidate %d: got %v", i, c)
		}
	}
	var told []string
	for _, e := range story.Events {
		if e.DeviceId != "" {
			told = append(told, e.Gateway+" "+e.Kind.Word())
		}
	}
	if !slices.Equal(told, []string{"g1 failed", "g3 opened"}) {
		t.Errorf("events: got %q", told)
	}

	if err := client.Drain(t.Context(), "g1"); err != nil {
		t.Fatal(err)
	}
	untilPicture(t, picture, func() bool { return picture.Owner("line").Gateway == "g2" })
	stop()
	untilPicture(t, picture, func() bool { return picture.Member("g1").GetState() == roostv1.MemberState_MEMBER_STATE_LEFT })
	if _, ok := second.Status("d1"); !ok {
		second.assigned(t, "line", nil)
	}
	story = why(t, client, "d1")
	if story.Owner != "g2" || story.Epoch <= epoch || story.Status.Gateway != "g2" || story.Candidates[1].Reason != "left" {
		t.Errorf("after g1 left: got owner %s, epoch %d, served by %v, candidates %v", story.Owner, story.Epoch, story.Status, story.Candidates)
	}
	last := story.Takeovers[len(story.Takeovers)-1]
	if story.Takeovers[0].Epoch != epoch || last.Epoch != story.Epoch || last.HandedOverBy != "g1" || last.At == nil {
		t.Errorf("takeovers: got %v", story.Takeovers)
	}
	epochs := map[uint64]bool{}
	for _, takeover := range story.Takeovers {
		if epochs[takeover.Epoch] {
			t.Errorf("epoch %d is told twice", takeover.Epoch)
		}
		epochs[takeover.Epoch] = true
	}
	if _, err := client.Why(t.Context(), "nobody"); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("a device that is not there: got %v, want ErrNotFound", err)
	}
}

func why(tb testing.TB, client *cluster.Client, device string) *roostv1.Story {
	tb.Helper()
	story, err := client.Why(tb.Context(), device)
	if err != nil {
		tb.Fatal(err)
	}
	return story
}
