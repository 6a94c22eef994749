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

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/load"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

const (
	// gateTime is how long a fleet may take until all is where it belongs, before the quiet phase and at the end.
	gateTime = time.Minute
	// drainTime is how long commands may take to end after the last one was sent.
	drainTime = 30 * time.Second
)

// ErrInterrupted: the run was given up. All was undone, unless the error is ErrLeft too.
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
	left      error // ErrLeft, if so

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
// far it came. A broken promise is told before ErrLeft, which is said then, and no error.
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
	defer outliveReaders()()
	r.alarm = newAlarm(cfg.Plan, func(v check.Violation) { r.face.say("%s VIOLATION %s", r.elapsed(), v) })
	err := r.whole(ctx)
	switch {
	case ctx.Err() != nil && r.left != nil:
		err = fmt.Errorf("%w: %w", ErrInterrupted, r.left)
	case ctx.Err() != nil:
		err = fmt.Errorf("%w; all was undone", ErrInterrupted)
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrSetup, errors.Join(err, r.left))
	}
	report, judgement := r.report(err)
	if failed := errors.Join(judgement, r.left); err == nil && failed != nil && report.Exit != ExitViolated {
		err = fmt.Errorf("%w: %w", ErrSetup, failed)
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
	lock, err := lock(r.Folder)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // the end of the process does it too
	if r.manifest, err = fault.OpenManifest(ManifestPath(r.Folder)); err != nil {
		return err
	}
	defer func() { _ = r.manifest.Close() }() // each line is synced
	if err := r.manifest.Will(fault.Undo{ID: "run", What: "run", Run: r.name, PID: os.Getpid(), Folders: []string{r.data(), r.controls()}}); err != nil {
		return err
	}
	defer func() { r.left = r.end() }()
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
