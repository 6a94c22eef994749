package cluster_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSettledOutlivesCrash: a command that was sent to the hub as well, and whose end the gateway had written there when
// it was killed, is known again by the next process: it is not told of a second time, neither under an id of its own nor
// under its own, where what the hub had learned of it would be written over.
func TestSettledOutlivesCrash(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	g, stop := o.alone(t, newHost("g1"))
	if _, err := sendLocal(t, g, setLimit("same", "pump")); err != nil {
		t.Fatal(err)
	}
	stop()
	path := filepath.Join(o.folder, "commands", "pump.same")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	o.hub.Restart()
	nc, subject := o.hub.Connect(t), o.names.Command("pump", "same")
	publish(t, nc, subject, encode(t, &roostv1.CommandRecord{
		CommandId: "same", DeviceId: "pump", Command: setLimit("same", "pump"), Bus: "pump", State: accepted, Nonce: "hub",
	}))
	var written []*jetstream.RawStreamMsg
	for range 2 { // the second one finds the file that the first was killed before it could remove
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		h := newHost("g1")
		_, stop := o.run(t, h, patiently)
		until(t, "it is merged", func() bool { return len(o.files(t)) == 0 })
		stop()
		if n := len(h.handed); n > 0 {
			t.Errorf("the host was handed it again")
		}
		m, err := mustStream(t, jetStream(t, nc), o.names.ControlStream()).GetLastMsgForSubject(t.Context(), subject)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, m)
	}
	if first, second := written[0], written[1]; first.Sequence != second.Sequence {
		t.Errorf("its end was written at %d, and once more at %d:\n%q\n%q", first.Sequence, second.Sequence, first.Data, second.Data)
	}
	if all := recordsAt(t, o, o.names.Command("pump", "*")); len(all) != 1 || all[0].State != succeeded || all[0].LocalGateway != "g1" {
		t.Errorf("at the hub: got %v, want one record, that it succeeded", all)
	}
}

// TestDispatchedAtTheHub: what was sent under the hub's record of an id has an end of its own, and is not written over by
// that of a second one which was carried out while the hub was away.
func TestDispatchedAtTheHub(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	g, stop := o.alone(t, newHost("g1"))
	if _, err := sendLocal(t, g, setLimit("twice", "pump")); err != nil {
		t.Fatal(err)
	}
	stop()
	o.hub.Restart()
	nc := o.hub.Connect(t)
	publish(t, nc, o.names.Command("pump", "twice"), encode(t, &roostv1.CommandRecord{
		CommandId: "twice", DeviceId: "pump", Command: setLimit("twice", "pump"), Bus: "pump", Nonce: "hub",
		State: dispatched, Attempt: 1, Epoch: 1, AcceptedAt: timestamppb.Now(), DispatchedAt: timestamppb.Now(),
		Transitions: []*roostv1.CommandTransition{{State: accepted}, {State: dispatched, Attempt: 1, Epoch: 1}},
	}))
	h := newHost("g1").keeps()
	o.run(t, h, patiently)
	until(t, "it is merged", func() bool { return len(o.files(t)) == 0 })
	for _, r := range recordsAt(t, o, o.names.Command("pump", "*")) {
		beside := strings.HasPrefix(r.CommandId, "twice-local-")
		if beside != (r.LocalGateway == "g1") || beside != (r.State == succeeded) {
			t.Errorf("at the hub: got %v", r)
		}
	}
	if t.Failed() {
		return // it would not be handed
	}
	if c := h.nextHanded(t).open[0].Record; c.CommandId != "twice" || c.State != dispatched || c.LocalGateway != "" {
		t.Errorf("handed: got %v", c)
	}
}

// TestMergedWithEvidence: what is learned of commands while their ends are on their way to the hub comes there too. Their
// records have other nonces then, and were once taken for those of other commands with the same ids.
func TestMergedWithEvidence(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	g, stop := o.alone(t, newHost("g1"))
	const commands = 16 // some are told of just while something is learned
	for i := range commands {
		if _, err := sendLocal(t, g, setLimit(strconv.Itoa(i), "pump")); err != nil {
			t.Fatal(err)
		}
	}
	killed := o.command(t, "pump.0")
	var last [commands]string // that was stored
	enough := make(chan struct{})
	var learning sync.WaitGroup
	for i := range commands {
		r := o.command(t, "pump."+strconv.Itoa(i)).Record
		learning.Go(func() {
			for n := 0; ; n++ {
				r = proto.CloneOf(r)
				r.Nonce = fmt.Sprintf("%d/%d", i, n)
				r.Evidence = []*roostv1.Evidence{{Text: r.Nonce}}
				done := make(chan error, 1)
				g.Journal().Record(r.Bus, r.Epoch, r, func(err error) { done <- err })
				if <-done != nil {
					return // its file goes
				}
				last[i] = r.Nonce
				select {
				case <-enough:
					return
				default:
				}
			}
		})
	}
	o.hub.Restart()
	until(t, "the hub has all", func() bool { return len(recordsAt(t, o, o.names.Command("pump", "*"))) == commands })
	close(enough)
	learning.Wait()
	check := func() {
		t.Helper()
		until(t, "all are merged", func() bool { return len(o.files(t)) == 0 })
		all := recordsAt(t, o, o.names.Command("pump", "*"))
		if len(all) != commands {
			t.Errorf("at the hub: %d records, want %d", len(all), commands)
		}
		for _, r := range all {
			if i, err := strconv.Atoi(r.CommandId); err != nil || len(r.Evidence) != 1 || r.Evidence[0].Text != last[i] {
				t.Errorf("at the hub: got %v", r)
			}
		}
	}
	check()
	stop()

	// The same where the process was killed before it could remove the file, or tell the hub of what it had learned.
	last[0] = "before the kill"
	killed.Record.Nonce, killed.Record.Evidence = last[0], []*roostv1.Evidence{{Text: last[0]}}
	writeSealed(t, filepath.Join(o.folder, "commands", "pump.0"), killed)
	o.run(t, newHost("g1"), patiently)
	check()
}
