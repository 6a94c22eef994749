package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestDevices(t *testing.T) {
	g := &gateway{pumps: 450} // several pages
	client, _ := serve(t, g)
	got, err := client.Devices(t.Context())
	want, _ := g.Statuses("", g.pumps)
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("got %v and\n%s", err, diff)
	}
}

func TestDevice(t *testing.T) {
	g := &gateway{pumps: 2}
	client, _ := serve(t, g)
	got, err := client.Device(t.Context(), "pump-0001")
	want, _ := g.Device("pump-0001")
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("got %v and\n%s", err, diff)
	}
	if _, err := client.Device(t.Context(), "valve"); !errors.Is(err, roostv1.ErrNotFound) || err.Error() != "this gateway does not serve device valve" {
		t.Errorf("got %v", err)
	}
	if _, err := client.Device(t.Context(), "../why/x"); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestWhy(t *testing.T) {
	client, _ := serve(t, &gateway{pumps: 1})
	story, err := client.Why(t.Context(), "pump-0000")
	if err != nil || story.Owner != "gw-1" || story.Epoch != 7 {
		t.Errorf("got %v and %v", story, err)
	}
	if _, err := client.Why(t.Context(), "valve"); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// TestSender: who sends a command is who the kernel says it is, whatever the command says.
func TestSender(t *testing.T) {
	g := &gateway{pumps: 1}
	client, _ := serve(t, g)
	for said, want := range map[string]string{
		"":                        me(t),
		"the night shift":         me(t) + " the night shift",
		"local:root(0)":           me(t) + " local:root(0)",
		strings.Repeat("é", 4000): me(t) + " é",
	} {
		c := &roostv1.Command{DeviceId: "pump-0000", Name: "start", Sender: said}
		record, err := client.Send(t.Context(), c, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		sent := g.commands()[len(g.commands())-1]
		if len(said) < 1000 && sent.Sender != want || !strings.HasPrefix(sent.Sender, want) || len(sent.Sender) > 200 {
			t.Errorf("%.20q: got the sender %q, want %q", said, sent.Sender, want)
		}
		if sent.Id == "" || record.CommandId != sent.Id {
			t.Errorf("got the id %q, and the record %v", sent.Id, record)
		}
	}
}

func TestSendRefused(t *testing.T) {
	g := &gateway{pumps: 1}
	client, _ := serve(t, g)
	good := func() *roostv1.Command { return &roostv1.Command{DeviceId: "pump-0000", Name: "start"} }
	for _, test := range []struct {
		name   string
		change func(*roostv1.Command)
		wait   time.Duration
		submit error
		want   error
	}{
		{"no device", func(c *roostv1.Command) { c.DeviceId = "a.b" }, time.Second, nil, roostv1.ErrInvalid},
		{"a sender that writes two lines", func(c *roostv1.Command) { c.Sender = "a\nb" }, time.Second, nil, roostv1.ErrInvalid},
		{"too long a wait", func(*roostv1.Command) {}, time.Hour, nil, roostv1.ErrInvalid},
		{"the hub is there", func(*roostv1.Command) {}, time.Second, roostv1.Errorf(roostv1.ErrUnavailable, "the hub is there"), roostv1.ErrUnavailable},
		{"a shared device", func(*roostv1.Command) {}, time.Second, roostv1.Errorf(roostv1.ErrNotOwner, "shared"), roostv1.ErrNotOwner},
	} {
		t.Run(test.name, func(t *testing.T) {
			g.submit = func(_ context.Context, _ *roostv1.Command, answer func(*roostv1.CommandRecord, error)) {
				answer(nil, test.submit)
			}
			before := len(g.commands())
			c := good()
			test.change(c)
			if record, err := client.Send(t.Context(), c, test.wait); record != nil || !errors.Is(err, test.want) {
				t.Errorf("got %v and %v, want %v", record, err, test.want)
			}
			if sent := len(g.commands()) - before; test.submit == nil && sent != 0 {
				t.Errorf("%d commands were submitted", sent)
			}
		})
	}
}

// TestSendUnanswered: who hangs up is not waited for, and a gateway that ends says that the outcome is not known.
func TestSendUnanswered(t *testing.T) {
	taken, gone := make(chan struct{}, 1), make(chan struct{})
	g := &gateway{pumps: 1, submit: func(ctx context.Context, _ *roostv1.Command, _ func(*roostv1.CommandRecord, error)) {
		context.AfterFunc(ctx, func() { close(gone) })
		taken <- struct{}{}
	}}
	client, _ := serve(t, g)
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	answered := make(chan error)
	go func() {
		_, err := client.Send(ctx, &roostv1.Command{DeviceId: "pump-0000", Name: "start"}, time.Minute)
		answered <- err
	}()
	<-taken
	hangUp()
	if err := <-answered; !errors.Is(err, roostv1.ErrOutcomeUnknown) {
		t.Errorf("got %v", err)
	}
	<-gone
}

func TestNobodyThere(t *testing.T) {
	client := control.NewClient(folder(t))
	if _, err := client.Devices(t.Context()); !errors.Is(err, roostv1.ErrUnavailable) || !strings.Contains(err.Error(), "no gateway runs in ") {
		t.Errorf("got %v", err)
	}
	if _, err := client.Send(t.Context(), &roostv1.Command{DeviceId: "p", Name: "start"}, time.Second); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("send: got %v", err)
	}
	for _, err := range client.Readings(t.Context(), control.ReadingsQuery{}) {
		if !errors.Is(err, roostv1.ErrUnavailable) {
			t.Errorf("readings: got %v", err)
		}
	}
}
