//go:build unix

package main_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// setting is the i-th of many commands that may be repeated.
func (f *fleet) setting(i int) *roostv1.Command {
	return &roostv1.Command{
		Id: fmt.Sprintf("s-%d", i), DeviceId: f.devices[i%len(f.devices)].Id, Name: "set", QueueWhileAway: true,
		Arguments: map[string]*roostv1.Value{"setpoint": roostv1.Double(float64(i % 100))},
		ExpiresIn: durationpb.New(30 * time.Second),
	}
}

// TestCommandToPausedGateway: a command to a device whose gateway does not run is carried out by the next
// one, within its time, and whoever sent it is told.
func TestCommandToPausedGateway(t *testing.T) {
	f := newFleet(t, 20, nil)
	f.start("gw-1")
	f.start("gw-2")
	owners := f.settled("gw-1", "gw-2")
	f.gateways["gw-1"].signal(syscall.SIGSTOP)
	defer f.gateways["gw-1"].signal(syscall.SIGCONT)
	for device := range of(owners, "gw-1") {
		record, err := f.client.Send(t.Context(), &roostv1.Command{
			DeviceId: device, Name: "dose", Arguments: map[string]*roostv1.Value{"ml": roostv1.Double(1)},
			ExpiresIn: durationpb.New(slowdown * 10 * time.Second),
		}, slowdown*10*time.Second)
		if err != nil || record.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || record.Gateway != "gw-2" {
			t.Fatalf("command to %s, whose gateway stands still: %v, %v", device, record, err)
		}
		return
	}
	t.Fatal("gw-1 serves nothing: nothing was tested")
}

// TestAbsoluteIsNeverLost: whatever is killed, a command that may be repeated is carried out, or ends EXPIRED.
func TestAbsoluteIsNeverLost(t *testing.T) {
	f := newFleet(t, 20, nil)
	f.start("gw-1")
	f.start("gw-2")
	f.settled("gw-1", "gw-2")
	sent := make(chan map[string]*roostv1.CommandRecord, 1)
	go func() { sent <- f.sendAll(600, f.setting) }()
	f.until("some were carried out", func() bool { return f.deeds() > 50 })
	f.gateways["gw-1"].kill()
	f.until("more were carried out", func() bool { return f.deeds() > 150 })
	listened := f.stopHub()
	f.startHub(listened)
	f.start("gw-1")
	f.judgeCommands(<-sent)
}

// TestHubLeaderKilled: the same when the leader of the hub's control stream is killed while commands are sent.
func TestHubLeaderKilled(t *testing.T) {
	h := newHubs(t)
	for i := range h.run {
		h.start(i)
	}
	for i := range h.run {
		h.ready(i)
	}
	f := newFleetAt(t, strings.Join(h.urls[:], ","), 20, nil)
	f.start("gw-1")
	f.start("gw-2")
	f.settled("gw-1", "gw-2")
	sent := make(chan map[string]*roostv1.CommandRecord, 1)
	go func() { sent <- f.sendAll(400, f.someCommand) }()
	f.until("some were carried out", func() bool { return f.deeds() > 50 })
	leader := h.leader(f.nc)
	h.kill(leader)
	f.judgeCommands(<-sent)
}

// deeds is how many actions the hardware has done.
func (f *fleet) deeds() int {
	n := 0
	for _, r := range f.records() {
		if r.Command != "" {
			n++
		}
	}
	return n
}

// leader returns which of the hubs leads the control stream.
func (h *hubs) leader(nc *nats.Conn) int {
	h.t.Helper()
	names, err := cluster.SubjectsOf(cluster.DefaultFleet)
	if err != nil {
		h.t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), longest)
	defer cancel()
	stream, err := js.Stream(ctx, names.ControlStream())
	if err != nil {
		h.t.Fatal(err)
	}
	for i, url := range h.urls {
		one, err := nats.Connect(url)
		if err != nil {
			continue
		}
		name := one.ConnectedServerName()
		one.Close()
		if name == stream.CachedInfo().Cluster.Leader {
			return i
		}
	}
	h.t.Fatalf("none of the hubs is %s", stream.CachedInfo().Cluster.Leader)
	return 0
}
