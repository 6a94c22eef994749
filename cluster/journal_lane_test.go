package cluster_test

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestJournalLetsIntentsPass: that many commands wait is written after what has to be written before a device is acted
// on, and not at all of a command of which there is more to say by then. All are told, those of one command in
// their order.
func TestJournalLetsIntentsPass(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	m := startMember(t, hub, "g1")
	m.host.keeps()
	apply(t, newClient(t, hub), newDevice("d1"))
	m.host.assigned(t, "d1", nil)
	o := openCommand(t, m.Gateway, m.host, "c", "d1")
	const many = 100
	of := func(i int) *roostv1.CommandRecord {
		r := proto.CloneOf(o.open[0].Record)
		r.CommandId = fmt.Sprint("c", i)
		r.Command.Id = r.CommandId
		return r
	}
	told := make(chan string, 3*many)
	record := func(r *roostv1.CommandRecord) {
		what := fmt.Sprint(r.CommandId, " ", r.State.Word(), " ", len(r.Transitions))
		m.Journal().Record("d1", o.epoch, r, func(err error) {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			told <- what
		})
	}
	m.wire.Stall()
	for i := range many {
		r := entered(t, m.host, of(i), queued, o.epoch)
		record(r)
		if i > 0 {
			record(entered(t, m.host, r, queued, o.epoch))
		}
	}
	sent := entered(t, m.host, entered(t, m.host, of(many-1), queued, o.epoch), dispatched, o.epoch)
	record(sent)
	record(entered(t, m.host, sent, succeeded, o.epoch))
	m.wire.Resume()
	var order []string
	for range 2*many + 1 {
		order = append(order, await(t, "a record", told, func(string) bool { return true }))
	}
	last := fmt.Sprint("c", many-1)
	want := []string{"c0 QUEUED 2", last + " QUEUED 2", last + " QUEUED 3", last + " DISPATCHED 3", last + " SUCCEEDED 4", "c1 QUEUED 2", "c1 QUEUED 3"}
	for i := range want {
		if order[i] != want[i] {
			t.Fatalf("told %q, want %q first", order[:len(want)], want)
		}
	}
	if r := recordAt(t, hub.Connect(t), names, "d1", last); r.GetState() != succeeded {
		t.Errorf("at the hub: got %v", r)
	}
	info, err := mustStream(t, jetStream(t, hub.Connect(t)), names.ControlStream()).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if written := info.State.LastSeq - o.epoch; written > many+40 { // and leases meanwhile
		t.Errorf("%d records were written", written)
	}
}
