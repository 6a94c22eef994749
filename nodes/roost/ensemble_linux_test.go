package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// child is a process that roost up started. It is no child of the test, so the kernel is asked about it.
type child struct {
	pid, fd int
}

// child returns the process that the program said that something is.
func (i *instance) child(t *testing.T, name string) child {
	t.Helper()
	_, text, _ := strings.Cut(i.until(t, name+" is process "), name+" is process ")
	pid, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("%s, process %d: %v", name, pid, err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return child{pid, fd}
}

func (c child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(c.pid, s); err != nil {
		t.Fatal(err)
	}
}

// gone waits until the process has ended.
func (c child) gone(t *testing.T) {
	t.Helper()
	poll := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
	for end := time.Now().Add(longest); time.Now().Before(end); {
		switch n, err := unix.Poll(poll, int(longest.Milliseconds())); {
		case err == unix.EINTR:
		case err != nil:
			t.Fatal(err)
		case n > 0:
			return
		}
	}
	t.Errorf("process %d still runs", c.pid)
}

// owners waits until each device is online at a gateway that will do, and returns where.
func (i *instance) owners(t *testing.T, count int, fits func(gateway string) bool) map[string]string {
	t.Helper()
	end := time.Now().Add(longest)
	for {
		owners := map[string]string{}
		all := devices(t, i.run("devices", "--json"))
		for _, d := range all {
			if d.State == roostv1.DeviceState_DEVICE_STATE_ONLINE && fits(d.Gateway) {
				owners[d.DeviceId] = d.Gateway
			}
		}
		if len(owners) == count {
			return owners
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d devices are where they should: %v", len(owners), count, all)
		}
	}
}

// many starts roost up with three gateways, and returns it with their processes and that of the hardware.
func many(t *testing.T, data string, flags ...string) (*instance, []child) {
	t.Helper()
	i := up(t, data, append([]string{"--gateways", "3"}, flags...)...)
	var children []child
	for _, name := range []string{"gateway gw-1", "gateway gw-2", "gateway gw-3", "simulated hardware"} {
		children = append(children, i.child(t, name))
	}
	return i, children
}

// TestManyGateways: one is killed, one is drained, and each time the others serve its devices; then all
// end in order.
func TestManyGateways(t *testing.T) {
	i, children := many(t, "")
	owners := i.owners(t, 12, func(string) bool { return true })
	var moved string
	for device, gateway := range owners {
		if gateway == "gw-2" {
			moved = device
		}
	}
	if moved == "" {
		t.Fatalf("gw-2 serves nothing: %v", owners)
	}

	children[1].signal(t, syscall.SIGKILL)
	i.until(t, fmt.Sprintf("gateway gw-2 (process %d) ended: signal: killed", children[1].pid))
	i.until(t, "evicted gateway gw-2: its lease had run out")
	i.drain()
	i.owners(t, 12, func(gateway string) bool { return gateway != "gw-2" })
	why := i.run("why", moved)
	for _, want := range []string{" serves " + moved, "taken over from gw-2, which had ended", "evicted by gw-"} {
		if !strings.Contains(why.out, want) {
			t.Errorf("%q is missing in\n%s%s", want, why.out, why.err)
		}
	}
	stories := parse(t, i.run("why", moved, "--json"), func() *roostv1.Story { return &roostv1.Story{} })
	if len(stories) != 1 || stories[0].Owner == "gw-2" || len(stories[0].Takeovers) < 2 || len(stories[0].Candidates) != 3 {
		t.Errorf("got %v", stories)
	}

	twin := run(t, "gateway", "--id", "gw-1", "--hub", i.url, "--data", t.TempDir())
	if twin.code != 69 || !strings.Contains(twin.err, "gateway gw-1 is running already") {
		t.Errorf("a second gw-1: %+v", twin)
	}

	if drained := i.run("gateway", "drain", "gw-1"); drained.code != 0 || !strings.HasSuffix(drained.out, "gw-1 is drained: nothing is left\n") {
		t.Errorf("drain: %+v", drained)
	}
	i.owners(t, 12, func(gateway string) bool { return gateway == "gw-3" })
	states := map[string]roostv1.MemberState{}
	for _, g := range parse(t, i.run("gateways", "--json"), func() *roostv1.GatewayStatus { return &roostv1.GatewayStatus{} }) {
		states[g.GatewayId] = g.State
		if at := children[g.GatewayId[3]-'1']; g.Pid != int64(at.pid) {
			t.Errorf("%s: process %d, want %d", g.GatewayId, g.Pid, at.pid)
		}
	}
	const draining, evicted, live = roostv1.MemberState_MEMBER_STATE_DRAINING, roostv1.MemberState_MEMBER_STATE_EVICTED, roostv1.MemberState_MEMBER_STATE_LIVE
	if states["gw-1"] != draining || states["gw-2"] != evicted || states["gw-3"] != live {
		t.Errorf("got %v", states)
	}

	code, took := i.signal(t, syscall.SIGTERM)
	if code != 0 || took > slowdown*5*time.Second {
		t.Errorf("ended with exit code %d after %v", code, took)
	}
	for line := range strings.Lines(i.errors.String()) {
		if !strings.Contains(line, "gateway evicted") {
			t.Errorf("a child complained: %s", line)
		}
	}
	for _, c := range children {
		c.gone(t)
	}
	records, err := sim.Load(filepath.Join(i.data, "hardware", "truth.log"))
	if err != nil {
		t.Fatal(err)
	}
	if breaches := sim.OneDriver(records); len(breaches) > 0 {
		t.Errorf("the hardware saw two drivers: %v", breaches)
	}
}

// TestChildrenDieWithTheirParent, however it ends; and the fleet is the same in the next run.
func TestChildrenDieWithTheirParent(t *testing.T) {
	first, children := many(t, "")
	first.owners(t, 12, func(string) bool { return true })
	first.run("device", "retire", "rig-12")
	first.signal(t, syscall.SIGKILL)
	for _, c := range children {
		c.gone(t)
	}
	again, children := many(t, first.data)
	again.owners(t, 11, func(string) bool { return true })
	again.drain().stop()
	for _, c := range children {
		c.gone(t)
	}
}

// TestHangingChild: one that does not stop is killed in time, which is said.
func TestHangingChild(t *testing.T) {
	i, children := many(t, "")
	children[2].signal(t, syscall.SIGSTOP)
	began := time.Now()
	if err := i.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	i.until(t, fmt.Sprintf("gateway gw-3 (process %d) did not stop within", children[2].pid))
	i.until(t, "stopped")
	<-i.ended
	if code, took := i.state.ExitCode(), time.Since(began); code != 0 || took > slowdown*5*time.Second {
		t.Errorf("ended with exit code %d after %v: %s", code, took, i.errors.String())
	}
	for _, c := range children {
		c.gone(t)
	}
}

// TestRestart: with --restart a gateway that dies comes back, as another process.
func TestRestart(t *testing.T) {
	i, children := many(t, "", "--restart")
	children[0].signal(t, syscall.SIGKILL)
	i.until(t, fmt.Sprintf("gateway gw-1 (process %d) ended: signal: killed; it is started again in 1s", children[0].pid))
	i.seen = nil // what was said of the first one
	if again := i.child(t, "gateway gw-1"); again.pid == children[0].pid {
		t.Errorf("it is process %d again", again.pid)
	}
	i.until(t, "gateway gw-1 joined")
}

// TestNoGatewayLeft: when none could start, the reason is told, and the program ends.
func TestNoGatewayLeft(t *testing.T) {
	data := t.TempDir()
	g := start(t, "gateway", "--id", "gw-1", "--hub", "nats://127.0.0.1:1", "--data", data)
	g.until(t, "starting gateway gw-1")
	got := run(t, "up", "--gateways", "1", "--listen", "127.0.0.1:0", "--data", data)
	for _, want := range []string{"roost: gateway folder in use: ", "roost: no gateway is left"} {
		if got.code != 69 || !strings.Contains(got.err, want) {
			t.Errorf("%q is missing in %+v", want, got)
		}
	}
	if log, err := os.ReadFile(filepath.Join(data, "gateway-gw-1.log")); err != nil || !strings.Contains(string(log), "folder in use") {
		t.Errorf("the log has %q, %v", log, err)
	}
}

func TestManyRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--gateways 0":           "--gateways 0 is not from 1 to 32",
		"--gateways 33":          "--gateways 33 is not from 1 to 32",
		"--gateways 2 --id gw-7": "--id does not go with --gateways",
		"--restart":              "--restart goes with --gateways only",
	} {
		got := run(t, append([]string{"up", "--data", t.TempDir()}, strings.Fields(args)...)...)
		if got.code != 64 || got.out != "" || !strings.Contains(got.err, want) {
			t.Errorf("%s: got %+v, want %q", args, got, want)
		}
	}
}
