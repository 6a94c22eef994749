package fleet_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/chaostest"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
	"github.com/roost-iot/roost/nodes/sim"
)

func TestMain(m *testing.M) { chaostest.Main(m) }

// patience bounds every wait.
const patience = 60 * time.Second

// changes remembers what becomes of processes.
type changes struct {
	mu  sync.Mutex
	all []fleet.Change
}

func (c *changes) note(change fleet.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, change)
}

func (c *changes) has(node string, run int, state fleet.State) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, change := range c.all {
		if change.Node == node && change.Run == run && change.State == state {
			return true
		}
	}
	return false
}

// start starts a small fleet, which ends with the test.
func start(t *testing.T, change func(*fleet.Config)) (*fleet.Fleet, *changes) {
	t.Helper()
	seen := &changes{}
	settings := plan.Defaults()
	settings.Gateways, settings.Devices = 2, 6
	cfg := fleet.Config{
		Settings: settings, Folder: t.TempDir(), Run: fmt.Sprintf("test-%d-%s", os.Getpid(), t.Name()),
		Seed: 7, Program: []string{chaostest.Program}, Note: seen.note,
	}
	if change != nil {
		change(&cfg)
	}
	f, err := fleet.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		if left, _ := fleet.Leftovers(cfg.Run); len(left) > 0 { // without /proc it cannot be told
			t.Errorf("processes %v are left", left)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := f.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := f.Settled(ctx); err != nil {
		t.Fatal(err)
	}
	return f, seen
}

// await waits until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(patience)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("%s: not so after %v", what, patience)
		}
	}
}

// Ports that processes bind later are not those that systems give to whoever dials.
func TestPorts(t *testing.T) {
	settings := plan.Defaults()
	settings.Hubs = 3
	f, err := fleet.New(fleet.Config{Settings: settings, Folder: t.TempDir(), Run: "test-ports", Program: []string{chaostest.Program}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	seen := map[string]bool{}
	for _, one := range strings.Split(f.URL(), ",") {
		u, err := url.Parse(one)
		if err != nil {
			t.Fatal(err)
		}
		if port, err := strconv.Atoi(u.Port()); err != nil || port < 20000 || port > 31999 || seen[u.Port()] {
			t.Errorf("a hub is to listen at %s: %v", one, err)
		}
		seen[u.Port()] = true
	}
	if len(seen) != 3 {
		t.Errorf("hubs at %s", f.URL())
	}
}

// A gateway that is killed is served by the other one, and comes back as the same node with its next run.
func TestNodeIsKilledAndStartedAgain(t *testing.T) {
	f, seen := start(t, nil)
	owners, err := f.Owners(t.Context())
	if err != nil || len(owners) != 6 {
		t.Fatalf("owners %v, %v", owners, err)
	}
	gw := f.Node("gw-1")
	if outcome, err := gw.Kill(); err != nil || outcome != "signal: killed" {
		t.Fatalf("killed: %q, %v", outcome, err)
	}
	await(t, "gw-2 serves all", func() bool {
		owners, _ := f.Owners(t.Context())
		for _, owner := range owners {
			if owner != "gw-2" {
				return false
			}
		}
		return len(owners) == 6
	})
	if err := gw.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if gw.Run() != 2 || !seen.has("gw-1", 1, fleet.StateEnded) || !seen.has("gw-1", 2, fleet.StateReady) {
		t.Errorf("run %d, changes %+v", gw.Run(), seen.all)
	}
	if _, err := os.Stat(filepath.Join(f.Logs(), "gw-1.2.out")); err != nil {
		t.Error(err)
	}
}

// Gateways dial nothing but the proxies: a way that is cut cuts them off.
func TestGatewaysGoThroughProxies(t *testing.T) {
	f, _ := start(t, nil)
	link := f.HubLink("gw-1", "hub-1")
	if c := link.Counters(); c.Connections == 0 || c.Messages[proxy.Up][proxy.VerbPub] == 0 {
		t.Fatalf("counters %+v", c)
	}
	if c := f.DeviceLink("gw-1").Counters(); c.Connections == 0 || c.Passed[proxy.Down] == 0 {
		t.Fatalf("to the hardware: %+v", c)
	}
	link.Set(proxy.State{Up: proxy.Stall, Down: proxy.Stall})
	await(t, "gw-2 serves all", func() bool {
		owners, _ := f.Owners(t.Context())
		return len(owners) == 6 && !strings.Contains(fmt.Sprint(owners), "gw-1")
	})
	link.Set(proxy.State{})
	if err := f.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Hardware in another process is told how to behave, and writes down that it was.
func TestBehave(t *testing.T) {
	f, _ := start(t, nil)
	if err := f.Behave("rig-2", sim.Behaviour{Decline: 0.5}); err != nil {
		t.Fatal(err)
	}
	await(t, "it is in the hardware's log", func() bool {
		records, _ := sim.Load(f.Truth()) // the last line may be torn
		for _, r := range records {
			if r.Kind == sim.KindBehave && r.Device == "rig-2" && r.Behaviour.Decline == 0.5 {
				return true
			}
		}
		return false
	})
}

// Of three hubs, the leader is found and can be killed.
func TestThreeHubs(t *testing.T) {
	f, _ := start(t, func(cfg *fleet.Config) { cfg.Hubs = 3 })
	leader, err := f.Leader(t.Context())
	if err != nil || f.Node(leader) == nil {
		t.Fatalf("leader %q, %v", leader, err)
	}
	if _, err := f.Node(leader).Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, "another one leads", func() bool {
		next, err := f.Leader(t.Context())
		return err == nil && next != "" && next != leader
	})
	if err := f.Node(leader).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What is left of a run is found by the name of the run, and killed.
func TestCleanup(t *testing.T) {
	f, _ := start(t, nil)
	if err := f.Node("gw-1").Pause(); err != nil {
		t.Fatal(err)
	}
	run := fmt.Sprintf("test-%d-%s", os.Getpid(), t.Name())
	if n, err := fleet.Cleanup(run); err != nil || n != 4 {
		t.Errorf("%d killed, %v, want hub, hardware and two gateways", n, err)
	}
	await(t, "all have ended", func() bool { left, err := fleet.Leftovers(run); return err == nil && len(left) == 0 })
}
