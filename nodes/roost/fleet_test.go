package main_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/placement"
	"github.com/roost-iot/roost/nodes/hub"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// fleet is a whole fleet under test: a hub, simulated hardware that outlives every gateway and writes
// down all that is done to it, and gateways that are processes. It is judged by what the hardware wrote.
type fleet struct {
	tb       testing.TB
	hub      *hub.Hub // nil: others are responsible for it
	url      string   // of the hub
	nc       *nats.Conn
	client   *cluster.Client
	hardware string // address
	machines *sim.Hardware
	log      string // of the hardware
	devices  []*roostv1.DeviceSpec
	gateways map[string]*gatewayProcess
	folder   string
}

// gatewayProcess is a gateway as people run it, on a wire of its own.
type gatewayProcess struct {
	id    string
	cmd   *exec.Cmd
	wire  *clustertest.Wire // nil where the hub is not the fleet's own
	ended chan struct{}     // closed when the process has ended
	said  *lockedBuffer
}

// newFleet starts hub and hardware, and registers the devices. change is applied to each of them.
func newFleet(tb testing.TB, devices int, change func(*roostv1.DeviceSpec)) *fleet {
	tb.Helper()
	f := &fleet{tb: tb, gateways: map[string]*gatewayProcess{}, folder: tb.TempDir()}
	f.startHub("127.0.0.1:0")
	tb.Cleanup(func() { f.stopHub() })
	f.url = f.hub.URL()
	f.begin(devices, change)
	return f
}

// newFleetAt is newFleet at a hub that is there.
func newFleetAt(tb testing.TB, url string, devices int, change func(*roostv1.DeviceSpec)) *fleet {
	tb.Helper()
	f := &fleet{tb: tb, gateways: map[string]*gatewayProcess{}, folder: tb.TempDir(), url: url}
	f.begin(devices, change)
	return f
}

// begin starts the hardware, connects, and registers the devices.
func (f *fleet) begin(devices int, change func(*roostv1.DeviceSpec)) {
	tb := f.tb
	tb.Helper()
	f.log = filepath.Join(f.folder, "truth.log")
	f.startHardware(devices)
	f.connect()
	f.register(devices, change)
}

// connect makes the fleet's streams, and a client of it.
func (f *fleet) connect() {
	tb := f.tb
	tb.Helper()
	nc, err := cluster.ConnectClient(tb.Context(), f.url, "test", nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	f.nc = nc
	names, err := cluster.SubjectsOf(cluster.DefaultFleet)
	if err != nil {
		tb.Fatal(err)
	}
	if err := (cluster.Schema{}).Ensure(tb.Context(), nc, names); err != nil {
		tb.Fatal(err)
	}
	if f.client, err = cluster.NewClient(nc, cluster.DefaultFleet); err != nil {
		tb.Fatal(err)
	}
}

func (f *fleet) startHub(listen string) {
	f.tb.Helper()
	var err error
	if f.hub, err = hub.Open(context.Background(), hub.Config{Data: filepath.Join(f.folder, "hub"), Listen: listen}); err != nil {
		f.tb.Fatal(err)
	}
}

// stopHub ends the hub and returns where it listened.
func (f *fleet) stopHub() (listened string) {
	f.tb.Helper()
	if err := f.hub.Close(); err != nil {
		f.tb.Error(err)
	}
	return strings.TrimPrefix(f.hub.URL(), "nats://")
}

func (f *fleet) startHardware(devices int) {
	f.tb.Helper()
	hardware, err := sim.New(sim.Config{
		Listen: "127.0.0.1:0", Log: f.log, Devices: sim.Series(devices, sim.Device{ID: "rig"}), Seed: 1,
	})
	if err != nil {
		f.tb.Fatal(err)
	}
	f.hardware, f.machines = hardware.Addr(), hardware
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := hardware.Run(ctx); err != nil {
			f.tb.Errorf("hardware: %v", err)
		}
	})
	f.tb.Cleanup(func() {
		stop()
		running.Wait()
	})
}

func (f *fleet) register(devices int, change func(*roostv1.DeviceSpec)) {
	f.tb.Helper()
	fleet := &roostv1.Fleet{Profiles: []*roostv1.Profile{rig.Profile()}}
	for _, d := range sim.Series(devices, sim.Device{ID: "rig"}) {
		spec := &roostv1.DeviceSpec{
			Id: d.ID, Profile: rig.ProfileID, Driver: rig.Name, PollInterval: durationpb.New(time.Second),
			Address: map[string]string{"hardware": f.hardware, "share": "true"},
		}
		if change != nil {
			change(spec)
		}
		fleet.Devices = append(fleet.Devices, spec)
	}
	f.devices = fleet.Devices
	if _, err := f.client.Apply(f.tb.Context(), fleet); err != nil {
		f.tb.Fatal(err)
	}
}

// start starts a gateway, or starts it again, and returns when it has joined.
func (f *fleet) start(id string, args ...string) *gatewayProcess {
	f.tb.Helper()
	g := &gatewayProcess{id: id, ended: make(chan struct{}), said: &lockedBuffer{}}
	dial := f.url
	switch before := f.gateways[id]; {
	case f.hub == nil: // it may be several servers
	case before != nil:
		g.wire = before.wire
	default:
		g.wire = clustertest.NewWire(f.tb, f.url)
	}
	if g.wire != nil {
		dial = g.wire.URL()
	}
	args = append([]string{"gateway", "--id", id, "--hub", dial, "--data", filepath.Join(f.folder, id)}, args...)
	g.cmd = command(context.Background(), args...)
	g.cmd.Stderr = g.said
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		f.tb.Fatal(err)
	}
	if err := g.cmd.Start(); err != nil {
		f.tb.Fatal(err)
	}
	f.gateways[id] = g
	ready := make(chan struct{})
	go func() {
		defer close(g.ended)
		g.listen(out, ready)
		_ = g.cmd.Wait() // how it ended is not asked
	}()
	f.tb.Cleanup(func() { g.kill() })
	select {
	case <-ready:
	case <-g.ended:
		f.tb.Fatalf("%s ended before it was ready: %s", id, g.said)
	case <-time.After(longest):
		f.tb.Fatalf("%s is not ready: %s", id, g.said)
	}
	return g
}

// listen reads what the process says, and closes ready when it says that it is.
func (g *gatewayProcess) listen(out io.Reader, ready chan struct{}) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ready ") {
			close(ready)
			break
		}
	}
	_, _ = io.Copy(io.Discard, out)
}

func (g *gatewayProcess) signal(s os.Signal) { _ = g.cmd.Process.Signal(s) } // one that has ended hears nothing

// kill ends the process as kill -9 does, also one that is stopped.
func (g *gatewayProcess) kill() {
	_ = g.cmd.Process.Kill()
	<-g.ended
}

// terminate asks the process to end in order, and waits until it has.
func (g *gatewayProcess) terminate() {
	g.signal(syscall.SIGTERM)
	<-g.ended
}

// owners returns who serves what, as the gateways say.
func (f *fleet) owners() map[string]string {
	f.tb.Helper()
	devices, err := f.client.Devices(f.tb.Context())
	if err != nil {
		return nil // the hub may be away
	}
	owners := map[string]string{}
	for _, d := range devices {
		if d.State == roostv1.DeviceState_DEVICE_STATE_ONLINE {
			owners[d.DeviceId] = d.Gateway
		}
	}
	return owners
}

// of returns the devices that a gateway serves.
func of(owners map[string]string, gateway string) map[string]bool {
	its := map[string]bool{}
	for device, g := range owners {
		if g == gateway {
			its[device] = true
		}
	}
	return its
}

// settled waits until each device is served by that one of the gateways which placement says, and
// returns who has what.
func (f *fleet) settled(gateways ...string) map[string]string {
	f.tb.Helper()
	var field []placement.Gateway
	for _, id := range gateways {
		field = append(field, placement.Gateway{ID: id})
	}
	where := placement.NewField(field)
	var owners map[string]string
	f.until("all is served by "+strings.Join(gateways, ", "), func() bool {
		owners = f.owners()
		for _, d := range f.devices {
			if first, _ := where.First(d.BusID()); owners[d.Id] != first {
				return false
			}
		}
		return true
	})
	return owners
}

// until waits until something is so.
func (f *fleet) until(what string, is func() bool) {
	f.tb.Helper()
	late := time.NewTimer(2 * longest)
	defer late.Stop()
	again := time.NewTicker(300 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late.C:
			f.tb.Fatalf("%s: not so after %v", what, 2*longest)
		}
	}
}

// now reads the clock of the hardware's log.
func (f *fleet) now() boottime.Instant {
	f.tb.Helper()
	clock, err := boottime.Open()
	if err != nil {
		f.tb.Fatal(err)
	}
	return clock.Now()
}

// records returns what the hardware has written so far.
func (f *fleet) records() []sim.Record {
	f.tb.Helper()
	records, err := sim.Load(f.log)
	if err != nil && !strings.Contains(err.Error(), sim.ErrTorn.Error()) {
		f.tb.Fatal(err)
	}
	return records
}

// takeovers returns, for each of the devices, how long after an instant it was first read by a gateway
// other than this one; false as long as one was not.
func (f *fleet) takeovers(since boottime.Instant, devices map[string]bool, not string) (map[string]time.Duration, bool) {
	took := map[string]time.Duration{}
	for _, r := range f.records() {
		if r.Kind != sim.KindRead || r.Result != sim.Done || r.At.Before(since) || !devices[r.Device] || r.Gateway == not {
			continue
		}
		if _, known := took[r.Device]; !known {
			took[r.Device] = r.At.Sub(since)
		}
	}
	return took, len(took) == len(devices)
}

// takenOver waits until all of the devices are read by another gateway, and returns after how long each was.
func (f *fleet) takenOver(since boottime.Instant, devices map[string]bool, not string) []time.Duration {
	f.tb.Helper()
	var took map[string]time.Duration
	f.until(fmt.Sprintf("%d devices of %s are served by others", len(devices), not), func() (all bool) {
		took, all = f.takeovers(since, devices, not)
		return all
	})
	var list []time.Duration
	for _, d := range took {
		list = append(list, d)
	}
	return list
}

// oneDriver checks that no device was ever driven under an older epoch after a newer one.
func (f *fleet) oneDriver() {
	f.tb.Helper()
	actions := 0
	records := f.records()
	for _, r := range records {
		if r.Kind == sim.KindAction && r.Result == sim.Done {
			actions++
		}
	}
	if actions == 0 {
		f.tb.Error("the hardware was never told to act: nothing was tested")
	}
	for _, b := range sim.OneDriver(records) {
		f.tb.Errorf("two drivers: %s", b.Reason)
	}
}
