package cluster_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestCommandsAreHandedOnce: under one epoch a host is handed each command once, however often the devices of the
// bus change and the stream is listed anew, and once more when it is to be cancelled. Under the next epoch it is
// handed all that have not ended, in the order in which they were accepted.
func TestCommandsAreHandedOnce(t *testing.T) {
	t.Parallel() // it mostly waits
	const many = 20
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	h := newHost("g1").keeps()
	g, stop := startGateway(t, hub, h)
	client := newClient(t, hub)
	spec := newDevice("d1")
	apply(t, client, spec)
	epoch := h.assigned(t, "d1", nil).Epoch
	for i := range many {
		o := openCommand(t, g, h, fmt.Sprint("c", i), "d1")
		if len(o.open) != 1 || o.epoch != epoch {
			t.Fatalf("got %d commands under epoch %d", len(o.open), o.epoch)
		}
		if i%5 == 0 { // its record is younger than those of later ones
			if err := recordNow(t, g, "d1", epoch, entered(t, h, o.open[0].Record, queued, epoch)); err != nil {
				t.Fatal(err)
			}
		}
	}

	spec.Description = "changed"
	apply(t, client, spec)
	h.assigned(t, "d1", func(a *roostv1.Assignment) bool { return a.Devices[0].Description == "changed" })
	js := jetStream(t, hub.Connect(t))
	for info := range mustStream(t, js, names.ControlStream()).ListConsumers(t.Context()).Info() {
		if err := js.DeleteConsumer(t.Context(), names.ControlStream(), info.Name); err != nil {
			t.Fatal(err)
		}
	}
	mark := put(t, hub.Connect(t), names.Owner("x"), encode(t, &roostv1.Ownership{Bus: "x"}))
	if err := g.Picture().Wait(t.Context(), mark); err != nil {
		t.Fatal(err)
	}
	if r, err := client.Cancel(t.Context(), &roostv1.Cancellation{DeviceId: "d1", CommandId: "c3", Sender: "me"}, time.Millisecond); err != nil || r.State != accepted {
		t.Errorf("cancel: got %v, %v, want the present record", r, err)
	}
	o := h.nextHanded(t)
	if len(o.open) != 1 || o.open[0].Record.CommandId != "c3" || o.open[0].Cancellation.GetSender() != "me" {
		t.Errorf("handed again: got %v, want the one that is to be cancelled", o)
	}

	stop()
	next := newHost("g2").keeps()
	startGateway(t, hub, next)
	o = next.nextHanded(t)
	if len(o.open) != many || o.epoch <= epoch {
		t.Fatalf("the next owner got %d commands under epoch %d, want %d under more than %d", len(o.open), o.epoch, many, epoch)
	}
	for i, c := range o.open {
		if c.Record.CommandId != fmt.Sprint("c", i) || (c.Cancellation != nil) != (i == 3) {
			t.Errorf("command %d: got %v", i, c)
		}
	}
	if n := len(h.handed); n != 0 {
		t.Errorf("the first owner was handed %d times more", n)
	}
}

// TestEndedIsNotHanded: what has ended under one owner is not handed to the next.
func TestEndedIsNotHanded(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1")
	_, stop := startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	h.assigned(t, "d1", nil)
	for i := range 10 {
		if r, err := client.Send(t.Context(), setLimit(fmt.Sprint("c", i), "d1"), 0); err != nil || r.State != succeeded {
			t.Fatalf("got %v, %v", r, err)
		}
	}
	stop()
	next := newHost("g2")
	startGateway(t, hub, next)
	next.assigned(t, "d1", nil)
	if r, err := client.Send(t.Context(), setLimit("last", "d1"), 0); err != nil || r.State != succeeded || r.Gateway != "g2" {
		t.Fatalf("got %v, %v", r, err)
	}
	if o := next.nextHanded(t); len(o.open) != 1 || o.open[0].Record.CommandId != "last" {
		t.Errorf("the next owner was handed %v", o)
	}
}

// TestCancel: a command that waits is cancelled; one that was dispatched, or has ended, is not, and the caller gets
// its record with the conflict.
func TestCancel(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	h.assigned(t, "d1", nil)
	wish := func(id string) *roostv1.Cancellation {
		return &roostv1.Cancellation{DeviceId: "d1", CommandId: id, Sender: "me", Reason: "a test"}
	}
	openCommand(t, g, h, "waits", "d1")
	type answer struct {
		record *roostv1.CommandRecord
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		r, err := client.Cancel(t.Context(), wish("waits"), 0)
		answers <- answer{r, err}
	}()
	o := h.nextHanded(t)
	h.carryOut(o.bus, o.epoch, o.open[0], nil)
	if a := <-answers; a.err != nil || a.record.State != cancelled {
		t.Errorf("one that waits: got %v, %v", a.record, a.err)
	}
	if r, err := client.Cancel(t.Context(), wish("waits"), 0); err != nil || r.State != cancelled {
		t.Errorf("once more: got %v, %v", r, err)
	}

	o = openCommand(t, g, h, "runs", "d1")
	sent := entered(t, h, o.open[0].Record, dispatched, o.epoch)
	if err := recordNow(t, g, "d1", o.epoch, sent); err != nil {
		t.Fatal(err)
	}
	if r, err := client.Cancel(t.Context(), wish("runs"), 0); !errors.Is(err, roostv1.ErrConflict) || r.GetState() != dispatched {
		t.Errorf("one that was dispatched: got %v, %v", r, err)
	}
	if err := recordNow(t, g, "d1", o.epoch, entered(t, h, sent, succeeded, o.epoch)); err != nil {
		t.Fatal(err)
	}
	if r, err := client.Command(t.Context(), "d1", "runs", time.Minute); err != nil || r.State != succeeded {
		t.Errorf("got %v, %v", r, err)
	}
	if r, err := client.Cancel(t.Context(), wish("runs"), 0); !errors.Is(err, roostv1.ErrConflict) || r.GetState() != succeeded {
		t.Errorf("one that has ended: got %v, %v", r, err)
	}
	if r, err := client.Cancel(t.Context(), wish("never"), 0); !errors.Is(err, roostv1.ErrNotFound) || r != nil {
		t.Errorf("one that never was: got %v, %v", r, err)
	}
	long := wish("runs")
	long.Reason = string(make([]byte, 64<<10))
	if _, err := client.Cancel(t.Context(), long, 0); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("a reason without end: got %v", err)
	}
}

// TestCancelOfAnEarlierOne: a cancellation that was written before a command was accepted is not meant for it.
func TestCancelOfAnEarlierOne(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	put(t, hub.Connect(t), names.Cancel("d1", "c1"), encode(t, &roostv1.Cancellation{DeviceId: "d1", CommandId: "c1"}))
	picture, _ := follow(t, hub, names)
	record := &roostv1.CommandRecord{
		DeviceId: "d1", CommandId: "c1", State: accepted, Command: setLimit("c1", "d1"),
		Transitions: []*roostv1.CommandTransition{{State: accepted}},
	}
	at := put(t, hub.Connect(t), names.Command("d1", "c1"), encode(t, record))
	again, _ := follow(t, hub, names)
	for _, p := range []interface {
		Open(string) []*roostv1.OpenCommand
	}{picture, again} {
		if err := picture.Wait(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		open := p.Open("d1")
		if len(open) != 1 || open[0].Cancellation != nil || open[0].Record.Order != at || open[0].Record.AcceptedAt == nil {
			t.Errorf("got %v", open)
		}
	}
	final := proto.CloneOf(record)
	final.State = succeeded
	at = put(t, hub.Connect(t), names.Command("d1", "c1"), encode(t, final))
	if err := picture.Wait(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if open := picture.Open("d1"); len(open) != 0 || picture.Command("d1", "c1") != nil {
		t.Errorf("one that has ended is still there: %v", open)
	}
}
