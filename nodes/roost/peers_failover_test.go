//go:build unix

package main_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// realPeer is a program that nobody here wrote, with devices that gateways share.
type realPeer struct {
	name  string
	needs []peertest.Part
	// start starts it, with so many devices.
	start func(t *testing.T, devices int) realDevices
}

// realDevices are the devices of a peer. Each has a resource to read, and a command "add" with an amount, which must not be repeated.
type realDevices struct {
	fleet *roostv1.Fleet
	// args are given to the gateways.
	args []string
	// heard returns how often the peer was told to add each amount, by what it has written down itself.
	heard func(t *testing.T) map[uint64]int
	// quick is paused before a gateway is killed, where else its answers are too quick for a command to be on its way then.
	quick *peertest.Peer
}

func realPeers() []realPeer {
	return []realPeer{pymodbus(), snmpd(), nodeOPCUA(), mosquitto(), httpServer(), shellPrograms()}
}

// addable returns a profile; the entries are those of the resource that is read, and of the one that is added to.
func addable(read, add map[string]string) *roostv1.Profile {
	const isUint, relative = roostv1.ValueType_VALUE_TYPE_UINT, roostv1.WriteKind_WRITE_KIND_RELATIVE
	return &roostv1.Profile{
		Id: "real",
		Resources: []*roostv1.Resource{
			{Name: "level", Type: isUint, Protocol: read},
			{Name: "amount", Type: isUint, Access: roostv1.Access_ACCESS_WRITE, WriteKind: relative, Protocol: add},
		},
		Commands: []*roostv1.CommandSpec{{
			Name: "add", WriteKind: relative, Arguments: []*roostv1.Argument{{Name: "amount", Type: isUint}},
			Steps: []*roostv1.Step{{Resource: "amount", Source: &roostv1.Step_Argument{Argument: "amount"}}},
		}},
	}
}

// TestKilledGatewayWithRealPeers: the devices of real peers are attached to two gateways, which are killed again and again while commands are sent
// that must not be repeated. The other gateway serves them each time, and what the peer has written down itself shows that none
// was carried out twice, and that the senders were told the truth.
func TestKilledGatewayWithRealPeers(t *testing.T) {
	if os.Getenv("ROOST_PEERS") == "" {
		t.Skip("it keeps two processors busy for minutes; ROOST_PEERS=1 runs it, as the step peers of .ci/run does")
	}
	for _, p := range realPeers() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			peertest.Need(t, p.needs...)
			devices := p.start(t, 8)
			f := newFleetOf(t, devices.fleet)
			f.start("gw-1", devices.args...)
			f.start("gw-2", devices.args...)
			f.settled("gw-1", "gw-2")
			adding := f.add(8)
			for _, victim := range []string{"gw-1", "gw-2", "gw-1"} {
				lost := of(f.settled("gw-1", "gw-2"), victim)
				before := len(devices.heard(t))
				f.until("the peer is told to add", func() bool { return len(devices.heard(t)) > before+20 })
				at := devices.kill(t, f.gateways[victim])
				took := f.readAgain(at, lost, victim)
				t.Logf("%s: %d devices of %s, which was killed, are read again within %v", p.name, len(lost), victim, took.Round(time.Millisecond))
				f.start(victim, devices.args...)
			}
			f.settled("gw-1", "gw-2")
			judgeAdded(t, adding(), devices.heard(t))
		})
	}
}

// kill kills a gateway while commands are on their way, and returns when.
func (d realDevices) kill(t *testing.T, g *gatewayProcess) (at time.Time) {
	t.Helper()
	if d.quick != nil {
		d.quick.Pause(t)
		defer d.quick.Resume(t)
		<-time.After(300 * time.Millisecond)
	}
	at = time.Now()
	g.kill()
	return at
}

// newFleetOf starts a hub, and registers what others brought with them.
func newFleetOf(tb testing.TB, of *roostv1.Fleet) *fleet {
	tb.Helper()
	f := &fleet{tb: tb, gateways: map[string]*gatewayProcess{}, folder: tb.TempDir(), devices: of.Devices}
	f.startHub("127.0.0.1:0")
	tb.Cleanup(func() { f.stopHub() })
	f.url = f.hub.URL()
	f.connect()
	if _, err := f.client.Apply(tb.Context(), of); err != nil {
		tb.Fatal(err)
	}
	return f
}

// readAgain waits until all of the devices have been read by another gateway since an instant, and returns after how long.
func (f *fleet) readAgain(since time.Time, devices map[string]bool, not string) time.Duration {
	f.tb.Helper()
	if len(devices) == 0 {
		f.tb.Fatalf("%s serves nothing: nothing was tested", not)
	}
	took := map[string]time.Duration{}
	late := time.NewTimer(2 * longest)
	defer late.Stop()
	for len(took) < len(devices) {
		all, _ := f.client.Devices(f.tb.Context()) // asked again
		for _, d := range all {
			_, known := took[d.DeviceId]
			if devices[d.DeviceId] && !known && d.Gateway != not && d.GetCounters().GetReadingsStored() > 0 && d.LastSeen.AsTime().After(since) {
				took[d.DeviceId] = d.LastSeen.AsTime().Sub(since)
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-late.C:
			f.tb.Fatalf("of %d devices of %s only %d are read again", len(devices), not, len(took))
		}
	}
	longest := time.Duration(0)
	for _, d := range took {
		longest = max(longest, d)
	}
	return longest
}

// add sends commands to add, each with an amount of its own, until the function that it returns is called, which returns their last records
// by amount.
func (f *fleet) add(senders int) (stop func() map[uint64]*roostv1.CommandRecord) {
	ctx, cancel := context.WithCancel(context.Background())
	var last atomic.Uint64
	var mu sync.Mutex
	sent := map[uint64]*roostv1.CommandRecord{}
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for ctx.Err() == nil {
				n := last.Add(1)
				record := f.sendSurely(&roostv1.Command{
					Id: fmt.Sprintf("add-%d", n), DeviceId: f.devices[n%uint64(len(f.devices))].Id, Name: "add", QueueWhileAway: true,
					Arguments: map[string]*roostv1.Value{"amount": roostv1.Uint(n)}, ExpiresIn: durationpb.New(20 * time.Second),
				})
				mu.Lock()
				sent[n] = record
				mu.Unlock()
				select {
				case <-time.After(20 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	end := sync.OnceFunc(func() {
		cancel()
		all.Wait()
	})
	f.tb.Cleanup(end)
	return func() map[uint64]*roostv1.CommandRecord {
		end()
		for n, record := range maps.Clone(sent) {
			sent[n] = f.ended(record)
		}
		return sent
	}
}

// judgeAdded holds what the senders were told against what the peer has heard.
func judgeAdded(t *testing.T, sent map[uint64]*roostv1.CommandRecord, heard map[uint64]int) {
	t.Helper()
	outcomes := map[string]int{}
	for n, record := range sent {
		outcomes[record.State.Word()]++
		switch {
		case heard[n] > 1:
			t.Errorf("%d was added %d times: %v", n, heard[n], record)
		case heard[n] == 0 && record.State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED:
			t.Errorf("%d was not added, and the sender was told that it was: %v", n, record)
		case heard[n] == 1 && (record.State.Unsent() || record.Effect == roostv1.Effect_EFFECT_NONE):
			t.Errorf("%d was added, and the sender was told that it was not: %v", n, record)
		}
	}
	for n := range heard {
		if sent[n] == nil {
			t.Errorf("%d was added, and nobody sent that", n)
		}
	}
	if outcomes[roostv1.CommandState_COMMAND_STATE_INDETERMINATE.Word()] == 0 {
		t.Errorf("no command was on its way when a gateway was killed: nothing was tested")
	}
	t.Logf("%d commands, %d heard by the peer: %v", len(sent), len(heard), outcomes)
}

// written counts how often each amount was written, by the lines of a peer that begin with "wrote".
func written(t *testing.T, told string, read func(line string) (amount uint64, err error)) map[uint64]int {
	t.Helper()
	heard := map[uint64]int{}
	for line := range strings.Lines(told) {
		if !strings.HasPrefix(line, "wrote ") || !strings.HasSuffix(line, "\n") {
			continue // another one, or not whole yet
		}
		amount, err := read(line)
		if err != nil {
			t.Fatalf("the peer says %q: %v", line, err)
		}
		heard[amount]++
	}
	return heard
}
