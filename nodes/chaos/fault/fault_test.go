package fault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/chaostest"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

func TestMain(m *testing.M) { chaostest.Main(m) }

// patience bounds every wait.
const patience = 60 * time.Second

// fleets that were started.
var fleets atomic.Int64

// start starts a small fleet, and what injects faults into it.
func start(t *testing.T) (*fleet.Fleet, *fault.Injector, string) {
	t.Helper()
	return startWith(t, func(*fleet.Config) {})
}

// startWith starts one that is somewhat different.
func startWith(t *testing.T, adjust func(*fleet.Config)) (*fleet.Fleet, *fault.Injector, string) {
	t.Helper()
	folder := t.TempDir()
	settings := plan.Defaults()
	settings.Gateways, settings.Devices = 2, 12
	controls := ""
	if failpoint.Missing == "" {
		controls = filepath.Join(os.TempDir(), fmt.Sprintf("roost-%d-%d", os.Getpid(), fleets.Add(1))) // the path of a socket has to be short
	}
	c := fleet.Config{
		Settings: settings, Folder: filepath.Join(folder, "nodes"), Run: fmt.Sprintf("test-%d", os.Getpid()), Seed: 3, Program: []string{chaostest.Program},
		Controls: controls,
	}
	adjust(&c)
	f, err := fleet.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := errors.Join(f.Start(ctx), f.Settled(ctx)); err != nil {
		t.Fatal(err)
	}
	manifest, err := fault.OpenManifest(filepath.Join(folder, "manifest.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "history"), 0o700); err != nil {
		t.Fatal(err)
	}
	writer, err := history.Create(filepath.Join(folder, "history", "faults.ndjson"), history.Header{Name: "faults"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = manifest.Close() })
	return f, &fault.Injector{Fleet: f, Manifest: manifest, History: writer}, folder
}

// Every kind of fault shows its effect, and that it is gone, and leaves nothing in the manifest.
func TestEachFault(t *testing.T) {
	memory := disk.MemoryMissing()
	f, injector, folder := startWith(t, func(c *fleet.Config) { c.GatewayMemory = memory == "" })
	hold := plan.Duration(300 * time.Millisecond)
	entries := []plan.Entry{
		{Fault: plan.Pause, Target: "gw-1"},
		{Fault: plan.Stall, Target: "gw-1"},
		{Fault: plan.Stall, Target: "gw-1", Params: plan.Params{Direction: "up"}},
		{Fault: plan.Stall, Target: "gw-1", Params: plan.Params{Direction: "down"}},
		{Fault: plan.Blackhole, Target: "gw-1"},
		{Fault: plan.Refuse, Target: "gw-1"},
		{Fault: plan.Delay, Target: "gw-1", Params: plan.Params{Delay: plan.Duration(50 * time.Millisecond)}},
		{Fault: plan.AckLost, Target: "gw-1", Params: plan.Params{Verb: "PUB", Count: 2}},
		{Fault: plan.Cut, Target: "gw-1", Params: plan.Params{Count: 100}},
		{Fault: plan.DeviceCut, Target: "gw-1"},
		{Fault: plan.Behave, Target: "rig-1", Params: plan.Params{Decline: 0.5, Before: plan.Duration(10 * time.Millisecond), After: plan.Duration(5 * time.Millisecond), Crash: 0.1}},
		{Fault: plan.Behave, Target: "rig-2", Params: plan.Params{Off: true}},
		{Fault: plan.Kill, Target: "gw-1"},
		{Fault: plan.Stop, Target: "gw-1"},
		{Fault: plan.HubPause, Target: "hub-1"},
		{Fault: plan.HubKill, Target: "hub-1"},
	}
	if memory == "" {
		entries = slices.Insert(entries, 0, plan.Entry{Fault: plan.DiskFull, Target: "gw-1"})
	} else {
		t.Logf("%s is left out: %s", plan.DiskFull, memory)
	}
	for i, e := range entries {
		e.ID, e.Hold = fmt.Sprintf("f%d", i+1), hold
		t.Run(e.Fault+e.Params.Direction, func(t *testing.T) {
			result := injector.Inject(t.Context(), e, []string{e.Target})
			if result.Err != nil || !result.Confirmed || !result.Healed || len(result.Evidence) != 2 {
				t.Fatalf("%+v", result)
			}
			t.Logf("%s", strings.Join(result.Evidence, "; "))
		})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := f.Settled(ctx); err != nil {
			t.Fatalf("after %s: %v", e.Fault, err)
		}
		cancel()
	}
	if left, err := fault.Left(filepath.Join(folder, "manifest.ndjson")); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := injector.History.Close(); err != nil {
		t.Fatal(err)
	}
	h, err := history.Load(filepath.Join(folder, "history"), f.Truth())
	if err != nil && !errors.Is(err, history.ErrTorn) {
		t.Fatal(err)
	}
	if len(h.Faults) != len(entries) {
		t.Fatalf("%d faults in the history, want %d", len(h.Faults), len(entries))
	}
	for _, w := range h.Faults {
		if !w.Confirmed || !w.Undone || w.Applied < w.Asked || w.HealAsked < w.Applied || w.Healed < w.HealAsked {
			t.Errorf("%s %s: %+v", w.ID, w.Fault, w)
		}
		if w.Fault != history.FaultDevice {
			continue
		}
		slow := map[string]time.Duration{"rig-1": 5015 * time.Millisecond}[w.Targets[0]]
		down := map[string][]string{"rig-2": {"gw-1~rig-2", "gw-2~rig-2"}}[w.Targets[0]]
		if w.Slow != slow || !slices.Equal(w.Down, down) {
			t.Errorf("%s %v: devices answer %v later, and down is %v; want %v and %v", w.ID, w.Targets, w.Slow, w.Down, slow, down)
		}
	}
}

// A fault whose effect does not show is not confirmed, and is undone all the same.
func TestNotConfirmed(t *testing.T) {
	f, injector, _ := start(t)
	if _, err := f.Node("gw-2").Kill(); err != nil {
		t.Fatal(err)
	}
	result := injector.Inject(t.Context(), plan.Entry{ID: "f1", Fault: plan.Pause}, []string{"gw-2"})
	if result.Confirmed || !errors.Is(result.Err, fleet.ErrNotRunning) {
		t.Errorf("a gateway that does not run was paused: %+v", result)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("given up"))
	result = injector.Inject(ctx, plan.Entry{ID: "f2", Fault: plan.AckLost, Params: plan.Params{Verb: "PUB", Count: 1 << 40}}, []string{"gw-1"})
	if result.Confirmed || !result.Healed || result.Err == nil {
		t.Errorf("what never happens was confirmed: %+v", result)
	}
}

func TestFaultsThatAreMissing(t *testing.T) {
	for _, k := range fault.Kinds() {
		_, err := fault.Recorded(plan.Entry{Fault: k.Name})
		if (err != nil) != (k.Missing() != "") {
			t.Errorf("%s: missing %q, and %v", k.Name, k.Missing(), err)
		}
	}
	if _, err := fault.Recorded(plan.Entry{Fault: "meteor"}); err == nil {
		t.Error("there is no fault meteor")
	}
	// Whatever a scenario draws can be done here, but for what it says that not every machine can do.
	for _, s := range plan.Scenarios() {
		p, err := s.Plan(1, s.Adjust(plan.Defaults()))
		if err != nil {
			continue
		}
		for _, e := range p.Entries {
			if _, err := fault.Recorded(e); err != nil && !slices.Contains(s.Faults, e.Fault) {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
}

// What is begun is on disk before, and what is undone is not left.
func TestManifest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "manifest.ndjson")
	m, err := fault.OpenManifest(path)
	if err != nil {
		t.Fatal(err)
	}
	run := fault.Undo{ID: "run", What: "run", Run: "r", PID: 1, Folders: []string{"f"}}
	pause := fault.Undo{ID: "f1", What: plan.Pause, Targets: []string{"gw-1"}}
	if err := errors.Join(m.Will(run), m.Will(pause), m.Will(fault.Undo{ID: "f2"}), m.Done("f2")); err != nil {
		t.Fatal(err)
	}
	left, err := fault.Left(path)
	if diff := cmp.Diff([]fault.Undo{run, pause}, left); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if err := errors.Join(m.Done("f1"), m.Done("run"), m.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.WriteString(`{"id":"f3","wha`) // the harness was killed here
	_ = file.Close()
	if left, err := fault.Left(path); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
