package cluster_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// openCommand has a command accepted at a gateway that keeps it, and returns its hand-over.
func openCommand(t *testing.T, g *cluster.Gateway, h *host, id, device string) handOver {
	t.Helper()
	if r, err := send(t, g, setLimit(id, device), time.Millisecond); err != nil {
		t.Fatalf("got %v, %v", r, err)
	}
	return await(t, "command "+id, h.handed, func(o handOver) bool { return o.open[0].Record.CommandId == id })
}

// entered is a record after a change.
func entered(t *testing.T, h *host, r *roostv1.CommandRecord, state roostv1.CommandState, epoch uint64) *roostv1.CommandRecord {
	t.Helper()
	r = proto.CloneOf(r)
	if err := r.Enter(h.change(state, epoch)); err != nil {
		t.Fatal(err)
	}
	return r
}

// recordNow records, and returns what became of it.
func recordNow(t *testing.T, g *cluster.Gateway, bus string, epoch uint64, r *roostv1.CommandRecord) error {
	t.Helper()
	done := make(chan error, 2)
	g.Journal().Record(bus, epoch, r, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-time.After(askWait):
		t.Fatal("nobody said what became of a record")
		return nil
	}
}

// TestJournalFence: who owned a bus before records nothing more about its devices, whatever he believes.
func TestJournalFence(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h)
	apply(t, newClient(t, hub), newDevice("d1"))
	h.assigned(t, "d1", nil)
	o := openCommand(t, g, h, "c1", "d1")
	if err := recordNow(t, g, "d1", o.epoch, entered(t, h, o.open[0].Record, queued, o.epoch)); err != nil {
		t.Fatal(err)
	}
	put(t, hub.Connect(t), names.Owner("d1"), encode(t, &roostv1.Ownership{Bus: "d1", Gateway: "g9", Incarnation: "other"}))
	err := recordNow(t, g, "d1", o.epoch, entered(t, h, o.open[0].Record, dispatched, o.epoch))
	if !errors.Is(err, roostv1.ErrNotOwner) {
		t.Errorf("got %v, want ErrNotOwner", err)
	}
	if r := recordAt(t, hub.Connect(t), names, "d1", "c1"); r.GetState() != queued {
		t.Errorf("at the hub: got %v, want it QUEUED as before", r)
	}
}

// TestJournalOrder: records of one bus become durable in the order in which they are given, without waiting for each
// other; those of many buses do not stand behind each other.
func TestJournalOrder(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h)
	apply(t, newClient(t, hub), newDevice("d1"))
	h.assigned(t, "d1", nil)
	o := openCommand(t, g, h, "c1", "d1")
	const many = 200
	told := make(chan int, many)
	var last *roostv1.CommandRecord
	for i := range many {
		last = entered(t, h, o.open[0].Record, queued, o.epoch)
		last.Status = roostv1.Errorf(roostv1.ErrBusy, "%d", i)
		g.Journal().Record("d1", o.epoch, last, func(err error) {
			if err != nil {
				t.Error(err)
			}
			told <- i
		})
	}
	for i := range many {
		if got := <-told; got != i {
			t.Fatalf("record %d was durable in place of record %d", got, i)
		}
	}
	if r := recordAt(t, hub.Connect(t), names, "d1", "c1"); r.GetStatus().GetMessage() != last.Status.Message {
		t.Errorf("at the hub: got %v", r)
	}
}

// TestJournalLostAnswers: while the hub does not answer, or is away, what is recorded is tried on, and is there once
// when it is back; a copy that was held up on the way takes nothing back.
func TestJournalLostAnswers(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	m := startMember(t, hub, "g1")
	m.host.keeps()
	alone := newDevice("d1")
	alone.Placement = &roostv1.Placement{Gateways: []string{"g1"}}
	apply(t, newClient(t, hub), alone)
	m.host.assigned(t, "d1", nil)
	o := openCommand(t, m.Gateway, m.host, "c1", "d1")
	sent := entered(t, m.host, o.open[0].Record, dispatched, o.epoch)
	done := make(chan error, 2)
	m.wire.Stall()
	m.Journal().Record("d1", o.epoch, sent, func(err error) { done <- err })
	m.Journal().Record("d1", o.epoch, entered(t, m.host, sent, succeeded, o.epoch), func(err error) { done <- err })
	hub.Restart() // the connection breaks, what was on its way comes later or never
	m.wire.Resume()
	for range 2 {
		if err := await(t, "record", done, func(error) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	if r := recordAt(t, hub.Connect(t), names, "d1", "c1"); r.GetState() != succeeded {
		t.Errorf("at the hub: got %v", r)
	}
}

// TestJournalKeepsWhatFits: a record that is larger than any hub takes loses what is not its outcome, and says so; one
// that can never be kept is refused.
func TestJournalKeepsWhatFits(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h)
	apply(t, newClient(t, hub), newDevice("d1"))
	h.assigned(t, "d1", nil)
	o := openCommand(t, g, h, "c1", "d1")
	sent := entered(t, h, o.open[0].Record, dispatched, o.epoch)
	if err := recordNow(t, g, "d1", o.epoch, sent); err != nil {
		t.Fatal(err)
	}
	large := entered(t, h, sent, succeeded, o.epoch)
	large.Results = map[string]*roostv1.Value{"log": roostv1.Bytes(make([]byte, 2<<20))}
	if err := recordNow(t, g, "d1", o.epoch, large); err != nil {
		t.Fatal(err)
	}
	r := recordAt(t, hub.Connect(t), names, "d1", "c1")
	if r.GetState() != succeeded || len(r.Results) != 0 || len(r.Evidence) == 0 || !strings.Contains(r.Evidence[0].Text, "left out") {
		t.Errorf("at the hub: got %v", r)
	}
	never := proto.CloneOf(large)
	never.Command.Reason = strings.Repeat("x", 2<<20)
	if err := recordNow(t, g, "d1", o.epoch, never); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

// TestJournalEnds: what is not decided when the gateway stops is given up, and said to be.
func TestJournalEnds(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	m := startMember(t, hub, "g1")
	m.host.keeps()
	apply(t, newClient(t, hub), newDevice("d1"))
	m.host.assigned(t, "d1", nil)
	o := openCommand(t, m.Gateway, m.host, "c1", "d1")
	m.wire.Stall()
	done := make(chan error, 2)
	m.Journal().Record("d1", o.epoch, entered(t, m.host, o.open[0].Record, queued, o.epoch), func(err error) { done <- err })
	m.stop()
	if err := await(t, "the end", done, func(error) bool { return true }); !errors.Is(err, roostv1.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
	m.Journal().Record("d1", o.epoch, o.open[0].Record, func(err error) { done <- err })
	if err := await(t, "a record after the end", done, func(error) bool { return true }); err == nil {
		t.Error("a record after the end was taken")
	}
}

// TestCommandsThroughElection: with a hub of three whose leader is killed, what is accepted is carried out, once.
func TestCommandsThroughElection(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.StartThree(t)
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		t.Fatal(err)
	}
	insist(t, "streams of three", func() error { return ensure(t, hub.Connect(t)) })
	client, err := cluster.NewClient(hub.Connect(t), "test")
	if err != nil {
		t.Fatal(err)
	}
	devices := manyDevices(10)
	apply(t, client, devices...)
	h := newHost("g1")
	var finals atomic.Int64
	g, _ := runGateway(t, cluster.Config{
		Fleet: "test", ID: "g1", Conn: hub.Connect(t), Host: h, Logger: clustertest.Logger(t), LeaveTimeout: askWait,
		Lease: lease.Terms{Lease: 2 * time.Second},
	})
	untilWithin(t, 2*askWait, "all is served", func() bool { return len(h.served()) == len(devices) })
	const each = 30
	answers := make(chan error, each*len(devices))
	submit := func(device, id string) {
		c := setLimit(id, device)
		var try func()
		try = func() {
			g.Submit(t.Context(), c, time.Minute, func(r *roostv1.CommandRecord, err error) {
				switch {
				case errors.Is(err, roostv1.ErrUnavailable), errors.Is(err, roostv1.ErrOutcomeUnknown), errors.Is(err, roostv1.ErrBusy):
					time.AfterFunc(50*time.Millisecond, try) // the same command again is safe
				case err != nil:
					answers <- err
				case r.State != succeeded || r.Attempt != 1:
					answers <- fmt.Errorf("command %s: %v", id, r)
				default:
					finals.Add(1)
					answers <- nil
				}
			})
		}
		try()
	}
	for i := range each {
		if i == each/2 {
			hub.Kill(hub.Leader(names.ControlStream()))
		}
		for _, d := range devices {
			submit(d.Id, fmt.Sprint("c", i))
		}
	}
	late := time.After(90 * time.Second)
	for range each * len(devices) {
		select {
		case err := <-answers:
			if err != nil {
				t.Error(err)
			}
		case <-late:
			t.Fatalf("only %d commands ended", finals.Load())
		}
	}
	handed := map[string]int{}
	for range len(h.handed) {
		for _, o := range (<-h.handed).open {
			key := o.Record.DeviceId + "." + o.Record.CommandId
			if handed[key]++; handed[key] > 1 {
				t.Errorf("command %s was handed twice", key)
			}
		}
	}
}

// TestJournalLateCopy: a copy of a write that was held up on its way, as by a server that was stopped, and comes when a
// later record is stored, takes nothing back.
func TestJournalLateCopy(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	copies := make(chan *nats.Msg, 100)
	if _, err := nc.ChanSubscribe(names.Command("d1", "c1"), copies); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	h := newHost("g1")
	startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	h.assigned(t, "d1", nil)
	if r, err := client.Send(t.Context(), setLimit("c1", "d1"), 0); err != nil || r.State != succeeded {
		t.Fatalf("got %v, %v", r, err)
	}
	var late []*nats.Msg
	for range 3 {
		late = append(late, await(t, "a copy", copies, func(*nats.Msg) bool { return true }))
	}
	for _, m := range late {
		if _, err := nc.RequestMsg(&nats.Msg{Subject: m.Subject, Data: m.Data, Header: m.Header}, askWait); err != nil {
			t.Fatal(err)
		}
		if r := recordAt(t, nc, names, "d1", "c1"); r.GetState() != succeeded {
			t.Fatalf("after a late copy: got %v", r)
		}
	}
}

// TestJournalMakesText: a device that answers what is no text does not keep its command open: the record is made
// text, and so is what its caller is told.
func TestJournalMakesText(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	h := newHost("g1")
	startGateway(t, hub, h)
	client := newClient(t, hub)
	h.take = func(bus string, epoch uint64, open []*roostv1.OpenCommand) {
		h.carryOut(bus, epoch, open[0], func(r *roostv1.CommandRecord) {
			r.Results = map[string]*roostv1.Value{"model": roostv1.Text("AB\xff\xfe"), "\xff": roostv1.Bool(true)}
			r.Steps = []*roostv1.StepResult{{Status: &roostv1.Status{Message: "\xfe"}}}
		})
	}
	apply(t, client, newDevice("d1"))
	h.assigned(t, "d1", nil)
	r, err := client.Send(t.Context(), setLimit("c", "d1"), askWait)
	if err != nil || r.State != succeeded || r.Results["model"].GetString_() != "AB\ufffd" || !r.Results["\ufffd"].GetBool() {
		t.Errorf("told: got %v, %v", r, err)
	}
	if at := recordAt(t, hub.Connect(t), names, "d1", "c"); !proto.Equal(at.Results["model"], r.GetResults()["model"]) || at.State != succeeded {
		t.Errorf("at the hub: got %v", at)
	}
}
