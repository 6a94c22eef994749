package cluster_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// command reads a command as it is stored; nil if it is not.
func (o *outpost) command(t *testing.T, key string) *roostv1.LocalCommand {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(o.folder, "commands", key))
	if err != nil {
		return nil
	}
	c := &roostv1.LocalCommand{}
	if err := proto.Unmarshal(data[len("roost edge 1\n")+4:], c); err != nil {
		t.Fatal(err)
	}
	return c
}

// alone runs g1 without the hub, serving pump.
func (o *outpost) alone(t *testing.T, h *host) (*cluster.Gateway, func()) {
	t.Helper()
	o.hub.Stop()
	g, stop := o.run(t, h)
	if !g.UntilAlone(t.Context()) {
		t.Fatal("nothing is served without the hub")
	}
	return g, stop
}

// TestLocalCommand: a command is on the disk before the Host has it, and each of its records before anybody is told;
// when the hub is back it has the record, once, on its own time, and the file is gone.
func TestLocalCommand(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"), newDevice("shared"))
	h := newHost("g1")
	seen := make(chan roostv1.CommandState, 8)
	h.take = func(bus string, epoch uint64, open []*roostv1.OpenCommand) {
		for _, c := range open {
			seen <- o.command(t, "pump."+c.Record.CommandId).GetRecord().GetState()
			h.carryOut(bus, epoch, c, func(*roostv1.CommandRecord) {
				seen <- o.command(t, "pump."+c.Record.CommandId).GetRecord().GetState()
			})
		}
	}
	g, _ := o.alone(t, h)
	r, err := sendLocal(t, g, setLimit("one", "pump"))
	if err != nil || !slices.Equal(states(r), []roostv1.CommandState{accepted, dispatched, succeeded}) || r.LocalGateway != "g1" {
		t.Fatalf("got %v, %v", r, err)
	}
	if at, then := <-seen, <-seen; at != accepted || then != dispatched {
		t.Errorf("on the disk when the host had it: %v, when it acted: %v", at, then)
	}
	if again, err := sendLocal(t, g, setLimit("one", "pump")); err != nil || again.Nonce != r.Nonce {
		t.Errorf("the same again: got %v, %v", again, err)
	}
	other := setLimit("one", "pump")
	other.Arguments["limit"] = roostv1.Double(3)
	if _, err := sendLocal(t, g, other); !errors.Is(err, roostv1.ErrConflict) {
		t.Errorf("the same id, another body: got %v", err)
	}
	bad := setLimit("two", "pump")
	bad.Arguments["limit"] = roostv1.Text("much")
	if _, err := sendLocal(t, g, bad); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("nonsense: got %v", err)
	}
	if _, err := sendLocal(t, g, setLimit("three", "shared")); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("a device that others can reach: got %v", err)
	}
	if own, err := send(t, g, setLimit("own", "pump"), askWait); err != nil || own.LocalGateway != "g1" || own.State != succeeded {
		t.Errorf("of an own actor: got %v, %v", own, err)
	}

	began := time.Now()
	o.hub.Restart()
	until(t, "the commands are merged", func() bool { return len(o.files(t)) == 0 })
	nc := o.hub.Connect(t)
	at := recordAt(t, nc, o.names, "pump", "one")
	if at == nil || at.State != succeeded || at.LocalGateway != "g1" || len(at.Transitions) != 3 || at.Order == 0 {
		t.Fatalf("at the hub: got %v", at)
	}
	if off := at.AcceptedAt.AsTime().Sub(began); off > 0 || off < -10*time.Second {
		t.Errorf("accepted %v after the hub came back, on the hub's time", off)
	}
	if _, err := sendLocal(t, g, setLimit("four", "pump")); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("with the hub: got %v", err)
	}
	until(t, "one record of each is in the history", func() bool {
		return historyOf(t, o, "pump", "one") == 1 && historyOf(t, o, "pump", "own") == 1
	})
	if n := len(h.handed); n != 2 {
		t.Errorf("the host was handed commands %d times, want 2", n)
	}
}

// historyOf counts the records of a command that the history has.
func historyOf(t *testing.T, o *outpost, device, id string) uint64 {
	t.Helper()
	client := newClient(t, o.hub)
	record, err := client.Command(t.Context(), device, id, 0)
	if err != nil || record.State != succeeded {
		return 0
	}
	return 1
}

// TestLocalCommandSurvives: what was dispatched when a gateway ended is handed to the next one as it stood, and what had
// ended is not handed again; both are merged.
func TestLocalCommandSurvives(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	h := newHost("g1")
	dispatchedIt := make(chan struct{})
	h.take = func(bus string, epoch uint64, open []*roostv1.OpenCommand) {
		for _, c := range open {
			if c.Record.CommandId == "done" {
				h.carryOut(bus, epoch, c, nil)
				continue
			}
			h.record(bus, proto.CloneOf(c.Record), h.change(dispatched, epoch), func() { close(dispatchedIt) })
		}
	}
	g, stop := o.alone(t, h)
	if r, err := sendLocal(t, g, setLimit("done", "pump")); err != nil || r.State != succeeded {
		t.Fatalf("got %v, %v", r, err)
	}
	go g.SubmitLocal(t.Context(), setLimit("sent", "pump"), time.Minute, func(*roostv1.CommandRecord, error) {})
	<-dispatchedIt
	stop()

	next := newHost("g1").keeps()
	_, stop = o.run(t, next)
	handed := next.nextHanded(t)
	if len(handed.open) != 1 || handed.open[0].Record.CommandId != "sent" || handed.open[0].Record.State != dispatched {
		t.Fatalf("handed to the next process: %v", handed.open)
	}
	stop()

	last := newHost("g1")
	last.take = func(bus string, epoch uint64, open []*roostv1.OpenCommand) {
		for _, c := range open {
			r := proto.CloneOf(c.Record)
			last.record(bus, r, last.change(succeeded, epoch), nil)
		}
	}
	o.run(t, last)
	until(t, "it has ended", func() bool { return o.command(t, "pump.sent").GetRecord().GetState() == succeeded })
	o.hub.Restart()
	until(t, "both are merged", func() bool { return len(o.files(t)) == 0 })
	nc := o.hub.Connect(t)
	for _, id := range []string{"done", "sent"} {
		if r := recordAt(t, nc, o.names, "pump", id); r.GetState() != succeeded || r.Attempt != 1 {
			t.Errorf("%s at the hub: got %v", id, r)
		}
	}
}

// TestLocalCommandAfterBoot: what waited when the machine went down has expired as far as anybody knows.
func TestLocalCommandAfterBoot(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	h := newHost("g1").keeps()
	g, stop := o.alone(t, h)
	go g.SubmitLocal(t.Context(), setLimit("waits", "pump"), time.Minute, func(*roostv1.CommandRecord, error) {})
	h.nextHanded(t)
	stop()
	for _, boot := range []struct {
		id   string
		late bool
	}{{"boot-1", false}, {"boot-2", true}} {
		next := newHost("g1").keeps()
		g, stop := o.run(t, next, func(c *cluster.Config) { c.BootID = boot.id })
		handed := next.nextHanded(t)
		now, _, ok := g.Clock().NowUnder(handed.bus, handed.epoch)
		_, expires := handed.open[0].Record.Times((*roostv1.CommandPolicy)(nil).Resolve())
		if !ok || now.Before(expires) == boot.late {
			t.Errorf("%s: it is %v, the command expires at %v", boot.id, now, expires)
		}
		stop()
	}
}

// TestOneIDTwice: a command that was carried out without the hub, and whose id the hub has by now, is not carried out
// again if it is the same; else both stay, each under its id.
func TestOneIDTwice(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	h := newHost("g1")
	g, stop := o.alone(t, h)
	for _, id := range []string{"same", "other", "ended"} {
		if r, err := sendLocal(t, g, setLimit(id, "pump")); err != nil || r.State != succeeded {
			t.Fatalf("got %v, %v", r, err)
		}
	}
	stop()
	o.hub.Restart()
	nc := o.hub.Connect(t)
	put := func(id string, state roostv1.CommandState, limit float64) {
		c := setLimit(id, "pump")
		c.Arguments["limit"] = roostv1.Double(limit)
		r := &roostv1.CommandRecord{CommandId: id, DeviceId: "pump", Command: c, Bus: "pump", State: state, Nonce: "hub"}
		publish(t, nc, o.names.Command("pump", id), encode(t, r))
	}
	put("same", accepted, 21.5)
	put("other", accepted, 3)
	put("ended", roostv1.CommandState_COMMAND_STATE_EXPIRED, 21.5)

	next := newHost("g1")
	o.run(t, next)
	until(t, "all are merged", func() bool { return len(o.files(t)) == 0 })
	if r := recordAt(t, nc, o.names, "pump", "same"); r.GetState() != succeeded || r.LocalGateway != "g1" {
		t.Errorf("the same command: got %v", r)
	}
	until(t, "the hub's own command is carried out", func() bool {
		r := recordAt(t, nc, o.names, "pump", "other")
		return r.GetState() == succeeded && r.LocalGateway == ""
	})
	if r := recordAt(t, nc, o.names, "pump", "ended"); r.GetState() != expired || r.LocalGateway != "" {
		t.Errorf("the hub's own record: got %v", r)
	}
	for range 2 {
		e := await(t, "an event", o.events, func(e *roostv1.Event) bool { return errors.Is(e.Status.Err(), roostv1.ErrConflict) })
		if e.DeviceId != "pump" {
			t.Errorf("event: got %v", e)
		}
	}
	beside := 0
	names := o.names
	for _, r := range recordsAt(t, o, names.Command("pump", "*")) {
		if r.LocalGateway == "g1" && r.CommandId != "same" {
			beside++
			if r.State != succeeded || len(r.Evidence) == 0 || r.Command.Id != r.CommandId {
				t.Errorf("beside: got %v", r)
			}
		}
	}
	if beside != 2 {
		t.Errorf("%d commands are beside the hub's, want 2", beside)
	}
	for len(next.handed) > 0 {
		for _, c := range (<-next.handed).open {
			if c.Record.CommandId != "other" {
				t.Errorf("command %s was handed again", c.Record.CommandId)
			}
		}
	}
}

// TestMergeOutlivesCrash: a gateway that ended between the hub's word and the removal of the file merges nothing twice.
func TestMergeOutlivesCrash(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	g, stop := o.alone(t, newHost("g1"))
	if _, err := sendLocal(t, g, setLimit("one", "pump")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.folder, "commands", "pump.one")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	o.hub.Restart()
	until(t, "it is merged", func() bool { return len(o.files(t)) == 0 })
	stop()
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	o.run(t, newHost("g1"))
	until(t, "it is merged again", func() bool { return len(o.files(t)) == 0 })
	if all := recordsAt(t, o, o.names.Command("pump", "*")); len(all) != 1 || len(all[0].Evidence) != 0 {
		t.Errorf("at the hub: got %v, want one record", all)
	}
}

// TestFileStaysUntilMerged: for as long as the hub does not have the record, the file is there.
func TestFileStaysUntilMerged(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	g, _ := o.alone(t, newHost("g1"))
	if _, err := sendLocal(t, g, setLimit("one", "pump")); err != nil {
		t.Fatal(err)
	}
	// The hub has other commands of that id, and of the one under which it would be recorded then.
	o.hub.Restart()
	nc := o.hub.Connect(t)
	sum := sha256.Sum256([]byte("one g1"))
	beside := "one-local-" + hex.EncodeToString(sum[:4])
	for _, id := range []string{"one", beside} {
		r := &roostv1.CommandRecord{CommandId: id, DeviceId: "pump", Command: setLimit(id, "pump"), State: expired, Nonce: "hub"}
		publish(t, nc, o.names.Command("pump", id), encode(t, r))
	}
	until(t, "the hub is there", func() bool {
		_, away := g.HubAway()
		return !away // else the next command is taken here too
	})
	if r, err := send(t, g, setLimit("two", "pump"), askWait); err != nil || r.State != succeeded { // it serves the bus again
		t.Fatalf("got %v, %v", r, err)
	}
	rest := time.NewTimer(time.Second)
	defer rest.Stop()
	<-rest.C
	if files := o.files(t); !slices.Equal(files, []string{"pump.one"}) {
		t.Fatalf("before the hub has its record: got %v", files)
	}
	stream := mustStream(t, jetStream(t, nc), o.names.ControlStream())
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(o.names.Command("pump", beside))); err != nil {
		t.Fatal(err)
	}
	until(t, "the file is gone", func() bool { return len(o.files(t)) == 0 })
	if r := recordAt(t, nc, o.names, "pump", beside); r.GetState() != succeeded {
		t.Errorf("at the hub: got %v", r)
	}
}

// TestStaleLocalRecord: a record that does not go on from the last one is refused: of two that were handed the same
// command one after the other, only the one that was first goes on.
func TestStaleLocalRecord(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	h := newHost("g1").keeps()
	g, _ := o.alone(t, h)
	go g.SubmitLocal(t.Context(), setLimit("one", "pump"), time.Minute, func(*roostv1.CommandRecord, error) {})
	handed := h.nextHanded(t)
	record := func(r *roostv1.CommandRecord, state roostv1.CommandState, epoch uint64) error {
		if err := r.Enter(h.change(state, epoch)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		g.Journal().Record(handed.bus, epoch, proto.CloneOf(r), func(err error) { done <- err })
		return <-done
	}
	first, stale := proto.CloneOf(handed.open[0].Record), proto.CloneOf(handed.open[0].Record)
	if err := record(first, dispatched, handed.epoch); err != nil {
		t.Fatal(err)
	}
	if err := record(stale, dispatched, handed.epoch+1); !errors.Is(err, roostv1.ErrNotOwner) {
		t.Errorf("sent a second time: got %v, want ErrNotOwner", err)
	}
	if err := record(first, succeeded, handed.epoch); err != nil {
		t.Error(err)
	}
	first.Learn(&roostv1.Evidence{Text: "it was seen later"})
	done := make(chan error, 1)
	g.Journal().Record(handed.bus, handed.epoch, first, func(err error) { done <- err })
	if err := <-done; err != nil {
		t.Errorf("what was learned later: got %v", err)
	}
	if c := o.command(t, "pump.one"); c.GetRecord().GetState() != succeeded || len(c.Record.Evidence) != 1 {
		t.Errorf("on the disk: got %v", c)
	}
}
