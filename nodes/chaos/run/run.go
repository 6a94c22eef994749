package run

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/load"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/control"
)

const (
	// gateTime is how long a fleet may take until all is where it belongs, before the quiet phase and at the end.
	gateTime = time.Minute
	// drainTime is how long commands may take to end after the last one was sent.
	drainTime = 30 * time.Second
)

// ErrInterrupted: the run was given up. All was undone.
var ErrInterrupted = errors.New("interrupted")

// ErrSetup: the run could not be set up, or something of the harness failed.
var ErrSetup = errors.New("the run could not be made")

// running is a run that goes on.
type running struct {
	Config
	settings  plan.Settings
	name      string
	recorders *recorders
	manifest  *fault.Manifest
	fleet     *fleet.Fleet
	face      *face
	alarm     *alarm
	tally     load.Tally
	sink      *load.Sink
	watcher   *load.Watcher
	acks      *load.Acks
	clients   sync.WaitGroup
	loads     errgroup.Group // sink, watcher and events
	stopLoads context.CancelFunc
	began     time.Time

	mu      sync.Mutex
	phase   history.PhaseName
	results []fault.Result
	skipped []Skipped
	active  []activeFault
	ended   bool // nothing more is recorded
	// connected are the connections that gateways made, and heals when faults were about to be undone.
	connected []connected
	heals     []healAsked
}

// Run makes a run, and returns its report. Where the error is ErrInterrupted or ErrSetup, the report says how
// far it came.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if cfg.Face == nil {
		cfg.Face = noFace{}
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Folder), 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSetup, err)
	}
	if err := os.Mkdir(cfg.Folder, 0o755); err != nil {
		return nil, fmt.Errorf("%w: make the folder of the run: %w", ErrSetup, err)
	}
	r := &running{
		Config: cfg, settings: cfg.Plan.Settings, face: &face{to: cfg.Face}, began: time.Now(),
		name: fmt.Sprintf("%s-%d", filepath.Base(cfg.Folder), os.Getpid()),
	}
	r.alarm = newAlarm(cfg.Plan, func(v check.Violation) { r.face.say("%s VIOLATION %s", r.elapsed(), v) })
	err := r.whole(ctx)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("%w; all was undone", ErrInterrupted)
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrSetup, err)
	}
	report, judgement := r.report(err)
	if err == nil && judgement != nil {
		err = fmt.Errorf("%w: %w", ErrSetup, judgement)
	}
	return report, err
}

// whole does all but judge.
func (r *running) whole(ctx context.Context) (err error) {
	if err := os.WriteFile(filepath.Join(r.Folder, "plan.json"), r.Plan.JSON(), 0o644); err != nil {
		return err
	}
	if err := r.writeRepro(); err != nil {
		return err
	}
	_ = os.Symlink(filepath.Join(filepath.Base(r.data()), "logs"), filepath.Join(r.Folder, "logs")) // a way that is shorter, and no more
	if r.recorders, err = openRecorders(r.Folder, r.alarm.take); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.recorders.close()) }()
	if r.manifest, err = fault.OpenManifest(ManifestPath(r.Folder)); err != nil {
		return err
	}
	defer func() { _ = r.manifest.Close() }() // each line is synced
	if err := r.manifest.Will(fault.Undo{ID: "run", What: "run", Run: r.name, PID: os.Getpid(), Folders: []string{r.data(), r.controls()}}); err != nil {
		return err
	}
	defer r.end()
	if err := r.setUp(ctx); err != nil {
		return err
	}
	return r.phases(ctx)
}

// data is the folder of the nodes.
func (r *running) data() string { return filepath.Join(r.Folder, "nodes") }

// logs is the folder of what the nodes say. Where the system has links, one beside the report leads to it.
func (r *running) logs() string { return filepath.Join(r.data(), "logs") }

// controls is the folder of the sockets of gateways, of which the paths have to be short.
func (r *running) controls() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("roost-%08x", crc32.ChecksumIEEE([]byte(r.name))))
}

// setUp starts the fleet, and what listens to it, and waits until all is where it belongs.
func (r *running) setUp(ctx context.Context) (err error) {
	r.enter(history.PhaseSetup)
	if _, err := runRecord(r.Plan, nil); err != nil {
		return err
	}
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		return err
	}
	r.acks = load.NewAcks(names, r.recorders.acks)
	controls := ""
	if failpoint.Missing == "" {
		controls = r.controls()
	}
	r.fleet, err = fleet.New(fleet.Config{
		Controls: controls,
		Settings: r.settings, Folder: r.data(), Run: r.name, Seed: r.Plan.Seed, Program: r.Program, Env: r.Env,
		Note: r.process, Connected: r.listen, Claim: r.claim, Tap: r.acks.Tap,
		GatewayDisks: draws(r.Plan, plan.PowerCut, plan.DiskFull, plan.DiskDead), HubDisks: draws(r.Plan, plan.HubPowerCut),
	})
	if err != nil {
		return err
	}
	if err := r.fleet.Start(ctx); err != nil {
		return err
	}
	gate, cancel := context.WithTimeoutCause(ctx, gateTime, fmt.Errorf("not after %v", gateTime))
	defer cancel()
	if err := r.fleet.Settled(gate); err != nil {
		return fmt.Errorf("the fleet does not come up: %w", err)
	}
	return r.fleet.SyncDisks()
}

// listen starts what listens to the fleet, before its gateways are started.
func (r *running) listen(ctx context.Context) error {
	ctx, r.stopLoads = context.WithCancel(context.WithoutCancel(ctx))
	listeners, err := r.openListeners(ctx)
	if err != nil {
		return err
	}
	r.sink, r.watcher = listeners.sink, listeners.watcher
	r.loads.Go(func() error {
		if err := r.alarm.follow(ctx, r.fleet.Truth()); err != nil {
			r.face.say("%s violations are not told at once any more: %v", r.elapsed(), err) // the checkers tell them
		}
		return nil
	})
	r.loads.Go(func() error { return r.sink.Run(ctx) })
	r.loads.Go(func() error { return r.watcher.Run(ctx) })
	r.loads.Go(func() error { return listeners.asked.Run(ctx) })
	r.loads.Go(func() error { return r.feelPulse(ctx) })
	r.loads.Go(func() error { return load.Events(ctx, listeners.events, r.recorders.events) })
	if err := control.CheckFolder(r.fleet.GatewayFolder(r.settings.Gateway(1))); err != nil {
		r.face.say("%s what gateways say that they keep is not seen: %v", r.elapsed(), err)
	}
	for _, n := range r.fleet.Gateways() {
		r.loads.Go(func() error { return load.Kept(ctx, n.Name, r.fleet.GatewayFolder(n.Name), r.recorders.kept) })
	}
	return nil
}

// phases goes through the phases after the set-up.
func (r *running) phases(ctx context.Context) error {
	status, stopStatus := context.WithCancel(ctx)
	var showing sync.WaitGroup
	showing.Go(func() { r.showStatus(status) })
	showing.Go(func() { r.lookForConnections(status) })
	defer showing.Wait()
	defer stopStatus()

	sending, stopSending := context.WithCancel(ctx)
	defer r.clients.Wait()
	defer stopSending()
	if err := r.startClients(sending); err != nil {
		return err
	}
	r.enter(history.PhaseQuiet)
	r.health(ctx)
	if !pause(ctx, r.settings.Quiet.Std()) {
		return ctx.Err()
	}
	r.enter(history.PhaseFaults)
	r.breakThings(ctx)
	r.enter(history.PhaseHeal)
	if err := r.mend(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	r.enter(history.PhaseLiveness)
	if !pause(ctx, r.settings.Liveness.Std()) {
		return ctx.Err()
	}
	r.enter(history.PhaseDrain)
	stopSending()
	r.clients.Wait()
	r.drain(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.enter(history.PhaseCollect)
	if err := r.writeRun(); err != nil {
		return err
	}
	if err := r.collect(ctx); err != nil {
		return fmt.Errorf("collect what was written down: %w", err)
	}
	r.enter(history.PhaseEnd)
	return nil
}

// writeRun writes down what was to be tried: as of the beginning, though only now it is known what could be.
func (r *running) writeRun() error {
	record, err := runRecord(r.Plan, r.skipped)
	if err != nil {
		return err
	}
	record.At = r.recorders.clocks.Boot
	return r.recorders.run.Write(record)
}

// enter says that a phase begins.
func (r *running) enter(p history.PhaseName) {
	r.mu.Lock()
	r.phase = p
	if p == history.PhaseEnd {
		r.ended = true
	}
	r.mu.Unlock()
	_ = r.recorders.run.Write(&history.Phase{Phase: p}) // found out when it is closed
	r.face.say("%s %s", r.elapsed(), phaseText(p, r.settings))
}

func (r *running) elapsed() string {
	d := time.Since(r.began).Round(time.Second)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// process writes down what becomes of a process.
func (r *running) process(c fleet.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	p := &history.Process{Node: c.Node, Run: c.Run, State: history.ProcessState(c.State), Exit: c.Exit, Killed: c.Killed}
	if c.State == fleet.StateReady && c.Kind == fleet.KindGateway && r.watcher != nil {
		p.Incarnation = r.watcher.Incarnation(c.Node)
	}
	_ = r.recorders.run.Write(p) // found out when it is closed
	if c.State == fleet.StateEnded && !c.Killed && c.Exit != "exit status 0" {
		r.face.say("%s %s ended by itself: %s; see %s", r.elapsed(), c.Node, c.Exit, r.logs())
	}
}

// end stops all there is.
func (r *running) end() {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	if r.stopLoads != nil {
		r.stopLoads()
	}
	if err := r.loads.Wait(); err != nil {
		r.face.say("%s what listened to the fleet failed: %v", r.elapsed(), err)
	}
	if r.fleet != nil {
		r.fleet.Close()
		if err := r.fleet.Left(); err != nil {
			r.face.say("%s %v; roost chaos cleanup %s tries again", r.elapsed(), err, r.Folder)
			return
		}
	}
	_ = r.manifest.Done(claims) // without these there is only more to look for
	_ = r.manifest.Done("run")
}

// pause waits; false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
