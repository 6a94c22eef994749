package cluster_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestCommandsOfRetiredDevice: commands that were taken without the hub, and whose device is retired when it is back, do
// not stay open for ever: what was not sent is rejected, and what became of what was sent, nobody knows.
func TestCommandsOfRetiredDevice(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	h := newHost("g1")
	sent, waits := make(chan struct{}), make(chan struct{})
	h.take = func(bus string, epoch uint64, open []*roostv1.OpenCommand) {
		for _, c := range open {
			if c.Record.CommandId == "waits" {
				close(waits)
				continue
			}
			h.record(bus, proto.CloneOf(c.Record), h.change(dispatched, epoch), func() { close(sent) })
		}
	}
	g, stop := o.alone(t, h)
	for id, stands := range map[string]chan struct{}{"sent": sent, "waits": waits} {
		g.SubmitLocal(t.Context(), setLimit(id, "pump"), time.Minute, func(*roostv1.CommandRecord, error) {})
		<-stands
	}
	stop()
	o.hub.Restart()
	if err := newClient(t, o.hub).Retire(t.Context(), "pump"); err != nil {
		t.Fatal(err)
	}
	o.run(t, newHost("g1").keeps(), patiently)
	until(t, "both are merged", func() bool { return len(o.files(t)) == 0 })
	want := map[string]roostv1.CommandState{
		"sent": roostv1.CommandState_COMMAND_STATE_INDETERMINATE, "waits": roostv1.CommandState_COMMAND_STATE_REJECTED,
	}
	all := recordsAt(t, o, o.names.Command("pump", "*"))
	if len(all) != len(want) {
		t.Errorf("at the hub: got %v, want two records", all)
	}
	for _, r := range all {
		if r.State != want[r.CommandId] || r.Status.GetCode() != roostv1.Code_CODE_NOT_FOUND {
			t.Errorf("%s at the hub: got %v", r.CommandId, r)
		}
	}
}

// TestLocalCommandsAreBounded: as many commands wait without the hub as with it, and one whose id the hub has open is that
// one, and is not stored as another.
func TestLocalCommandsAreBounded(t *testing.T) {
	t.Parallel()
	d := attachedDevice("pump", "g1")
	d.Commands = &roostv1.CommandPolicy{QueueLimit: 2}
	o := newOutpost(t, d)
	h := newHost("g1").keeps()
	g, _ := o.run(t, h, patiently, func(c *cluster.Config) { c.LeaveTimeout = time.Second })
	submit := func(id string) { // and do not wait for its end
		g.SubmitLocal(t.Context(), setLimit(id, "pump"), time.Minute, func(*roostv1.CommandRecord, error) {})
	}
	nc := o.hub.Connect(t)
	publish(t, nc, o.names.Command("pump", "hubs"), encode(t, &roostv1.CommandRecord{
		CommandId: "hubs", DeviceId: "pump", Command: setLimit("hubs", "pump"), Bus: "pump", State: accepted, Nonce: "hub",
	}))
	until(t, "it has the hub's", func() bool { return g.Picture().OpenCount("pump") == 1 })
	o.hub.Stop()
	awayFrom(t, g)
	submit("hubs")
	submit("one")
	until(t, "one waits beside the hub's", func() bool { return len(o.files(t)) == 1 })
	if _, err := sendLocal(t, g, setLimit("two", "pump")); !errors.Is(err, roostv1.ErrBusy) {
		t.Errorf("a third one: got %v, want ErrBusy", err)
	}
	if files := o.files(t); !slices.Equal(files, []string{"pump.one"}) {
		t.Errorf("stored: got %v", files)
	}
}
