package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestHistory: the history has the last record of each command, in the order of their changes, also when the control
// stream has forgotten it; by device, parent and state; and goes on with what changes.
func TestHistory(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1")
	startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"), newDevice("d2"))
	until(t, "both are served", func() bool { return len(h.served()) == 2 })
	for i := range 6 {
		c := setLimit(fmt.Sprint("c", i), []string{"d1", "d2"}[i%2])
		if i >= 4 {
			c.ParentId = "fleet"
		}
		if r, err := client.Send(t.Context(), c, 0); err != nil || r.State != succeeded {
			t.Fatalf("got %v, %v", r, err)
		}
	}
	list := func(q cluster.CommandQuery) []string {
		t.Helper()
		var ids []string
		for r, err := range client.Commands(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Order == 0 || r.AcceptedAt == nil {
				t.Errorf("a record without its order: %v", r)
			}
			ids = append(ids, r.CommandId)
		}
		return ids
	}
	until(t, "the history has all", func() bool {
		return slices.Equal(list(cluster.CommandQuery{States: []roostv1.CommandState{succeeded}}), []string{"c0", "c1", "c2", "c3", "c4", "c5"})
	})
	for name, test := range map[string]struct {
		query cluster.CommandQuery
		want  []string
	}{
		"device": {cluster.CommandQuery{Device: "d2"}, []string{"c1", "c3", "c5"}},
		"parent": {cluster.CommandQuery{Parent: "fleet"}, []string{"c4", "c5"}},
		"state":  {cluster.CommandQuery{States: []roostv1.CommandState{expired}}, nil},
		"since":  {cluster.CommandQuery{Since: time.Now().Add(time.Hour)}, nil},
		"last":   {cluster.CommandQuery{Device: "d2", Last: time.Hour}, []string{"c1", "c3", "c5"}},
		"none":   {cluster.CommandQuery{Last: time.Nanosecond}, nil},
	} {
		if got := list(test.query); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}

	// The control stream forgets one, as it does when the dedup window is over.
	js := jetStream(t, hub.Connect(t))
	if err := mustStream(t, js, "ROOST_test_CONTROL").Purge(t.Context(), jetstream.WithPurgeSubject("roost.test.cmd.d2.c1")); err != nil {
		t.Fatal(err)
	}
	for _, device := range []string{"d2", ""} {
		r, err := client.Command(t.Context(), device, "c1", 0)
		if err != nil || r.State != succeeded || r.DeviceId != "d2" {
			t.Errorf("a command that is history, device %q: got %v, %v", device, r, err)
		}
	}
	if _, err := client.Command(t.Context(), "", "never", 0); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("a command that never was: got %v", err)
	}
	if r, err := client.Command(t.Context(), "", "c2", time.Second); err != nil || r.DeviceId != "d1" {
		t.Errorf("by its id alone: got %v, %v", r, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	followed := make(chan string, 100)
	go func() {
		for r, err := range client.Commands(ctx, cluster.CommandQuery{Device: "d1", Follow: true}) {
			if err != nil {
				return
			}
			followed <- r.CommandId + " " + r.State.Word()
		}
	}()
	await(t, "the history before", followed, func(s string) bool { return strings.HasPrefix(s, "c4 ") })
	if _, err := client.Send(t.Context(), setLimit("late", "d1"), 0); err != nil {
		t.Fatal(err)
	}
	await(t, "what comes later", followed, func(s string) bool { return s == "late "+succeeded.Word() })
}

// TestHistoryOutlivesTTL: what expires in the control stream stays in the history, with the settings that it is made
// with, also after a restart.
func TestHistoryOutlivesTTL(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	js := jetStream(t, hub.Connect(t))
	record := encode(t, &roostv1.CommandRecord{DeviceId: "d1", CommandId: "c1", State: succeeded})
	if _, err := js.Publish(t.Context(), names.Command("d1", "c1"), record, jetstream.WithMsgTTL(time.Second)); err != nil {
		t.Fatal(err)
	}
	messages := func(stream string) uint64 {
		s, err := js.Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		return s.CachedInfo().State.Msgs
	}
	until(t, "the history has it", func() bool { return messages(names.CommandsStream()) == 1 })
	until(t, "the control stream has forgotten it", func() bool { return messages(names.ControlStream()) == 0 })
	hub.Restart()
	js = jetStream(t, hub.Connect(t))
	if n := messages(names.CommandsStream()); n != 1 {
		t.Errorf("the history has %d records, want 1", n)
	}
	if c := mustStream(t, js, names.CommandsStream()).CachedInfo().Config; c.MaxAge != 30*24*time.Hour || c.MaxBytes != 1<<30 || c.AllowMsgTTL {
		t.Errorf("got max_age %v, max_bytes %d, allow_msg_ttl %v", c.MaxAge, c.MaxBytes, c.AllowMsgTTL)
	}
	client := newClient(t, hub)
	if r, err := client.Command(t.Context(), "", "c1", 0); err != nil || r.State != succeeded {
		t.Errorf("got %v, %v", r, err)
	}
}

// TestFinalsExpire: a record that is final carries the dedup window, and no other does.
func TestFinalsExpire(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h, func(c *cluster.Config) { c.Schema.CommandDedup = 90 * time.Second })
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	h.assigned(t, "d1", nil)
	ttl := func() string {
		m, err := mustStream(t, jetStream(t, hub.Connect(t)), names.ControlStream()).GetLastMsgForSubject(t.Context(), names.Command("d1", "c1"))
		if err != nil {
			t.Fatal(err)
		}
		return m.Header.Get(jetstream.MsgTTLHeader)
	}
	o := openCommand(t, g, h, "c1", "d1")
	if got := ttl(); got != "" {
		t.Errorf("ACCEPTED: TTL %q", got)
	}
	sent := entered(t, h, o.open[0].Record, dispatched, o.epoch)
	if err := recordNow(t, g, "d1", o.epoch, sent); err != nil || ttl() != "" {
		t.Errorf("DISPATCHED: %v, TTL %q", err, ttl())
	}
	if err := recordNow(t, g, "d1", o.epoch, entered(t, h, sent, succeeded, o.epoch)); err != nil || ttl() != "90" {
		t.Errorf("SUCCEEDED: %v, TTL %q", err, ttl())
	}
	if _, err := cluster.NewGateway(cluster.Config{ID: "g2", Conn: hub.Connect(t), Host: h, Schema: cluster.Schema{CommandDedup: time.Second}}); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("a window of a second: got %v", err)
	}
}

// TestCancellationOutlivesItsCommand: the wish to cancel a command is kept for as long as the command may wait, and the
// dedup window.
func TestCancellationOutlivesItsCommand(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h, func(c *cluster.Config) { c.Schema.CommandDedup = 90 * time.Second })
	client := newClient(t, hub)
	d := newDevice("d1")
	d.Commands = &roostv1.CommandPolicy{DefaultExpiry: seconds(100)}
	apply(t, client, d)
	h.assigned(t, "d1", nil)
	long := setLimit("long", "d1")
	long.ExpiresIn = seconds(3600)
	for want, c := range map[string]*roostv1.Command{"3690": long, "190": setLimit("default", "d1")} {
		if r, err := send(t, g, c, time.Millisecond); err != nil {
			t.Fatalf("got %v, %v", r, err)
		}
		if r, err := client.Cancel(t.Context(), &roostv1.Cancellation{DeviceId: "d1", CommandId: c.Id}, time.Millisecond); err != nil || r.State != accepted {
			t.Fatalf("got %v, %v", r, err)
		}
		var m *jetstream.RawStreamMsg
		until(t, "the wish is there", func() (there bool) {
			var err error
			m, err = mustStream(t, jetStream(t, hub.Connect(t)), names.ControlStream()).GetLastMsgForSubject(t.Context(), names.Cancel("d1", c.Id))
			return err == nil
		})
		if got := m.Header.Get(jetstream.MsgTTLHeader); got != want {
			t.Errorf("%s: TTL %q, want %q", c.Id, got, want)
		}
	}
}
