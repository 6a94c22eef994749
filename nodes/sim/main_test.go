package sim_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Child processes are the test binary, started again: hardware with its log in this file, or a
// gateway of the hardware at this address.
const (
	childLog     = "ROOST_TEST_SIM_LOG"
	childGateway = "ROOST_TEST_SIM_GATEWAY"
)

func TestMain(m *testing.M) {
	var child func(context.Context) error
	if log := os.Getenv(childLog); log != "" {
		child = func(ctx context.Context) error { return beHardware(ctx, log) }
	}
	if address := os.Getenv(childGateway); address != "" {
		child = func(ctx context.Context) error { return beGateway(ctx, address) }
	}
	if child == nil {
		os.Exit(m.Run())
	}
	if err := child(context.Background()); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// beHardware serves until it is killed. It prints its address.
func beHardware(ctx context.Context, log string) error {
	h, err := sim.New(sim.Config{Listen: "127.0.0.1:0", Log: log, Devices: []sim.Device{{ID: "rig"}}})
	if err != nil {
		return err
	}
	fmt.Println(h.Addr())
	return h.Run(ctx)
}

// beGateway doses until it is killed. It prints the id of each command that was acknowledged.
func beGateway(ctx context.Context, address string) error {
	s, err := newDriver("gw-child").Open(ctx, deviceAt(address, "rig"))
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		a := action(fmt.Sprintf("c-%d", n), wire.ResourceDose, roostv1.Double(1), 1)
		if _, err := s.(actors.Actuator).Actuate(ctx, a); err != nil {
			return err
		}
		fmt.Println(a.CommandID)
	}
}

// child is a process of this test.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startChild(t *testing.T, name, value string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), name+"="+value)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(func() { c.kill() })
	return c
}

func (c *child) line(t *testing.T) string {
	t.Helper()
	if !c.lines.Scan() {
		t.Fatalf("the child ended early: %v", c.lines.Err())
	}
	return c.lines.Text()
}

// kill ends the process with SIGKILL, and returns what it had said, and nobody had heard.
func (c *child) kill() []string {
	_ = c.cmd.Process.Kill()
	var rest []string
	for c.lines.Scan() {
		rest = append(rest, c.lines.Text())
	}
	_ = c.cmd.Wait()
	return rest
}

// bench is hardware that works for as long as the test, or until stop.
type bench struct {
	*sim.Hardware
	log    string
	cancel context.CancelFunc
	ended  <-chan error
}

func start(t testing.TB, cfg sim.Config) *bench {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	if cfg.Log == "" {
		cfg.Log = filepath.Join(t.TempDir(), "truth.log")
	}
	h, err := sim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx); close(ended) }()
	b := &bench{Hardware: h, log: cfg.Log, cancel: cancel, ended: ended}
	t.Cleanup(func() { cancel(); <-ended })
	return b
}

// stop switches the hardware off and returns its log.
func (b *bench) stop(t *testing.T) []sim.Record {
	t.Helper()
	b.cancel()
	if err := <-b.ended; err != nil {
		t.Fatalf("run: %v", err)
	}
	records, err := sim.Load(b.log)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return records
}

// device returns a device of the hardware, with more address keys, in pairs.
func (b *bench) device(id string, pairs ...string) actors.Device {
	return deviceAt(b.Addr(), id, pairs...)
}

func deviceAt(address, id string, pairs ...string) actors.Device {
	keys := map[string]string{"hardware": address}
	for i := 0; i < len(pairs); i += 2 {
		keys[pairs[i]] = pairs[i+1]
	}
	return actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: id, Profile: rig.ProfileID, Driver: rig.Name, Address: keys},
		Profile: rig.Profile(),
	}
}

func newDriver(gateway string) *rig.Driver {
	return &rig.Driver{Gateway: gateway, Incarnation: "run-1"}
}

// session is what the driver's sessions can do.
type session interface {
	actors.Poller
	actors.Actuator
	actors.Session
}

// open opens a session that is cut when the test ends.
func (b *bench) open(t testing.TB, d *rig.Driver, id string, pairs ...string) session {
	t.Helper()
	s, err := d.Open(context.Background(), b.device(id, pairs...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cutOff(s) })
	return s.(session)
}

// cutOff closes a session without a word.
func cutOff(s actors.Session) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.Close(ended)
}

func action(command, resource string, v *roostv1.Value, epoch uint64) actors.Action {
	return actors.Action{CommandID: command, Resource: resource, Value: v, Epoch: epoch}
}

// act returns how an action ends.
func act(t *testing.T, s session, a actors.Action) error {
	t.Helper()
	_, err := s.Actuate(t.Context(), a)
	return err
}

func mustAct(t *testing.T, s session, a actors.Action) {
	t.Helper()
	if err := act(t, s, a); err != nil {
		t.Fatal(err)
	}
}

// number returns the value of one resource.
func number(t *testing.T, s session, resource string) float64 {
	t.Helper()
	samples, err := s.Poll(t.Context(), []string{resource})
	if err != nil {
		t.Fatal(err)
	}
	n, ok := samples[0].Value.Number()
	if !ok {
		t.Fatalf("%s is not a number", resource)
	}
	return n
}

// of returns the records of a kind.
func of(records []sim.Record, kind sim.Kind) []sim.Record {
	var found []sim.Record
	for _, r := range records {
		if r.Kind == kind {
			found = append(found, r)
		}
	}
	return found
}
