package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	defaultMaxRestarts = 64
	defaultStopTimeout = 3 * time.Second
	// answerTimeout is how long an actor may take to say what it knows.
	answerTimeout = time.Second
	// maxPage is how many statuses are given at once.
	maxPage = 500
)

// Config says what a Gateway is made of.
type Config struct {
	// ID of the gateway.
	ID string
	// Drivers by the name that devices give. Devices that name another are shown
	// as misconfigured.
	Drivers map[string]Driver
	// Store takes the readings.
	Store Store
	// Fence bounds commands to devices that other gateways can reach; nil: nothing does, as
	// for a gateway that is alone.
	Fence Fence
	// Events is told what happens; nil: nobody is. It is called by actors, so it must
	// not block, and the event must not be changed.
	Events func(*roostv1.Event)
	// Logger; nil: nothing is logged.
	Logger *slog.Logger
	// MaxRestarts is how many failed devices may be restarting at once; default 64.
	MaxRestarts int
	// StopTimeout is how long Run takes at most to close devices in order and to
	// store what they read; default 3 s. What is not done by then is cut off.
	StopTimeout time.Duration
	// Jitter draws from [0, 1) for delays and phases, by any goroutine; default
	// math/rand/v2. For tests.
	Jitter func() float64
}

// Gateway runs the actors of the devices that are assigned to it.
//
// Concurrency: all methods may be called by any goroutine. Those about devices wait
// for Run to have begun, and say that the gateway is unavailable once it has ended.
type Gateway struct {
	env         *env
	stopTimeout time.Duration
	cancelCalls context.CancelFunc

	running atomic.Bool
	begun   chan struct{} // closed when root is set
	ended   chan struct{} // closed when Run begins to stop
	root    *actor.PID
}

// New makes a gateway; Run starts it. The error is about the configuration.
func New(cfg Config) (*Gateway, error) {
	if err := roostv1.CheckID("gateway id", cfg.ID); err != nil {
		return nil, err
	}
	if cfg.Store == nil {
		return nil, errors.New("a gateway needs a Store")
	}
	for name, driver := range cfg.Drivers {
		if driver == nil {
			return nil, fmt.Errorf("driver %q is nil", name)
		}
	}
	e := &env{
		id:         cfg.ID,
		started:    time.Now(),
		drivers:    cfg.Drivers,
		store:      cfg.Store,
		fence:      cfg.Fence,
		events:     cfg.Events,
		logger:     cfg.Logger,
		dice:       cfg.Jitter,
		storm:      &storm{limit: cmp.Or(cfg.MaxRestarts, defaultMaxRestarts)},
		directory:  newDirectory(),
		dispatcher: &dispatcher{},
	}
	if e.fence == nil {
		e.fence = unfenced{}
	}
	if e.events == nil {
		e.events = func(*roostv1.Event) {}
	}
	if e.logger == nil {
		e.logger = slog.New(slog.DiscardHandler)
	}
	if e.dice == nil {
		e.dice = rand.Float64
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.calls = &calls{ctx: ctx, all: make(map[*call]struct{})}
	e.newProps()
	return &Gateway{
		env:         e,
		stopTimeout: cmp.Or(cfg.StopTimeout, defaultStopTimeout),
		cancelCalls: cancel,
		begun:       make(chan struct{}),
		ended:       make(chan struct{}),
	}, nil
}

// Run runs the gateway until ctx ends, and then stops it in order: commands on the
// wire end, commands that wait are rejected, sessions are closed, readings are stored.
// It returns when everything has ended, after StopTimeout and a little at the latest;
// the error tells what had to be cut off. A gateway runs once.
func (g *Gateway) Run(ctx context.Context) error {
	if !g.running.CompareAndSwap(false, true) {
		return errors.New("a gateway runs once")
	}
	e := g.env
	// protoactor logs what is told as events here.
	e.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	e.system.EventStream.Subscribe(e.answerDeadLetter)
	g.root = e.spawn(e.rootProps, nil)
	close(g.begun)
	<-ctx.Done()
	close(g.ended)
	return g.stop()
}

// stop ends everything, in order as far as the time goes.
func (g *Gateway) stop() error {
	e := g.env
	empty := make(chan struct{})
	e.send(g.root, &shutRoot{done: func() { close(empty) }})
	var cut error
	select {
	case <-empty:
	case <-time.After(g.stopTimeout):
		_, more := e.directory.page("", 0)
		cut = fmt.Errorf("gateway %s: not everything was closed within %v (devices left: %v); readings that were not stored are lost", e.id, g.stopTimeout, more)
	}
	e.system.Root.Stop(g.root)
	e.actors.Wait()
	e.calls.stopAll()
	g.cancelCalls()
	e.dispatcher.stop()
	if n := e.calls.abandoned.Load(); n > 0 {
		e.logger.Warn("driver calls still run and were abandoned", "calls", n)
	}
	return cut
}

// answerDeadLetter lets messages that reach a stopped actor be refused rather than
// disappear. It runs on the sender's goroutine, which it must not harm.
func (e *env) answerDeadLetter(event any) {
	letter, ok := event.(*actor.DeadLetterEvent)
	if !ok {
		return
	}
	if r, ok := letter.Message.(refusable); ok {
		defer e.contain("dead letters")
		r.refuse(roostv1.Errorf(roostv1.ErrUnavailable, "the device is not served here any more"))
	}
}

// ready waits until the gateway runs.
func (g *Gateway) ready(ctx context.Context) error {
	select { // first what is certain: ctx may have ended as well
	case <-g.ended:
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s is stopping", g.env.id)
	default:
	}
	select {
	case <-g.begun:
		return nil
	default:
	}
	select {
	case <-g.begun:
		return nil
	case <-ctx.Done():
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s does not run", g.env.id)
	}
}

// Assign makes the gateway serve the bus as the assignment says: devices are opened,
// changed and closed until they are what it names. It does not wait for that. A greater
// epoch closes the bus and opens it again, since sequences begin anew. The assignment
// must not be changed afterwards. The error is ErrInvalid for an assignment that
// makes no sense, and then nothing has changed.
func (g *Gateway) Assign(ctx context.Context, a *roostv1.Assignment) error {
	if err := checkAssignment(a); err != nil {
		return err
	}
	if err := g.ready(ctx); err != nil {
		return err
	}
	g.env.send(g.root, &assignBus{assignment: a})
	return nil
}

// Withdraw closes the bus in order and returns when it is closed: nothing of this
// gateway touches its devices any more. When ctx ends first, the bus is
// cut off, and the context's error is returned.
func (g *Gateway) Withdraw(ctx context.Context, bus string) error {
	if err := g.ready(ctx); err != nil {
		return err
	}
	done := make(chan struct{})
	g.env.send(g.root, &withdrawBus{bus: bus, done: done})
	select {
	case <-done:
		return nil
	case <-g.ended:
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s is stopping", g.env.id)
	case <-ctx.Done():
		g.env.send(g.root, &killBus{bus: bus})
		return fmt.Errorf("withdraw bus %s: %w", bus, context.Cause(ctx))
	}
}

// Suspend tells that the gateway has no lease: no command goes to a shared device any more, one
// with an exclusive session is let go of, and the others are sampled on. Devices that are attached to
// this gateway alone are not touched by it. The Fence stops commands without being told; this
// makes the state visible, and keeps commands waiting or rejects them.
func (g *Gateway) Suspend() { g.setSuspended(true) }

// Resume ends what Suspend began.
func (g *Gateway) Resume() { g.setSuspended(false) }

func (g *Gateway) setSuspended(yes bool) {
	select {
	case <-g.begun:
	default:
		g.env.suspended.Store(yes)
		return
	}
	if g.env.suspended.Swap(yes) != yes {
		g.env.send(g.root, &leaseChanged{})
	}
}

// Execute carries out a command on a device of this gateway, and returns its final
// record, or the present one when ctx ends first. The same id and body is the same
// command, and is not carried out twice. Without a record there is an error: ErrInvalid,
// ErrNotOwner if the device is not served here, ErrConflict for an id that was used
// with another body, ErrBusy, ErrUnavailable.
func (g *Gateway) Execute(ctx context.Context, c *roostv1.Command) (*roostv1.CommandRecord, error) {
	if err := roostv1.ValidateCommand(c); err != nil {
		return nil, err
	}
	if c.Id == "" {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the command has no id")
	}
	pid, err := g.find(ctx, c.DeviceId)
	if err != nil {
		return nil, err
	}
	return g.execute(ctx, pid, c)
}

// execute carries out a command on the device of a supervisor, or finds that it has stopped.
func (g *Gateway) execute(ctx context.Context, pid *actor.PID, c *roostv1.Command) (*roostv1.CommandRecord, error) {
	answers := make(chan answer, 1)
	g.env.send(pid, &submit{command: proto.CloneOf(c), answer: answers})
	select {
	case a := <-answers:
		return a.record, a.err
	case <-ctx.Done():
		return g.present(pid, c.Id)
	}
}

// present asks for the present record of a command.
func (g *Gateway) present(pid *actor.PID, id string) (*roostv1.CommandRecord, error) {
	answers := make(chan answer, 1)
	g.env.send(pid, &recordWanted{id: id, answer: answers})
	select {
	case a := <-answers:
		return a.record, a.err
	case <-time.After(answerTimeout):
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "no word of command %s", id)
	}
}

// Release ends the quarantine of a device. The error is ErrNotOwner if it is not
// served here, and ErrConflict if it is not in quarantine.
func (g *Gateway) Release(ctx context.Context, device string) error {
	pid, err := g.find(ctx, device)
	if err != nil {
		return err
	}
	answers := make(chan error, 1)
	g.env.send(pid, &releaseWanted{answer: answers})
	select {
	case err := <-answers:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *Gateway) find(ctx context.Context, device string) (*actor.PID, error) {
	if err := g.ready(ctx); err != nil {
		return nil, err
	}
	pid := g.env.directory.find(device)
	if pid == nil {
		return nil, roostv1.Errorf(roostv1.ErrNotOwner, "device %s is not served by gateway %s", device, g.env.id)
	}
	return pid, nil
}

// Statuses describes the devices of this gateway with ids after the given one, in
// the order of their ids, at most limit and 500, and whether there are more. The last
// values are left out.
func (g *Gateway) Statuses(after string, limit int) (page []*roostv1.DeviceStatus, more bool) {
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	pids, more := g.env.directory.page(after, limit)
	return g.ask(pids, false), more
}

// Status describes one device with its last values; false if it is not served here.
func (g *Gateway) Status(device string) (*roostv1.DeviceStatus, bool) {
	pid := g.env.directory.find(device)
	if pid == nil {
		return nil, false
	}
	statuses := g.ask([]*actor.PID{pid}, true)
	if len(statuses) == 0 {
		return nil, false
	}
	return statuses[0], true
}

// ask collects statuses. A supervisor that stopped meanwhile has none.
func (g *Gateway) ask(pids []*actor.PID, resources bool) []*roostv1.DeviceStatus {
	statuses := make([]*roostv1.DeviceStatus, 0, len(pids))
	timeout := time.After(answerTimeout)
	for _, pid := range pids { // one after the other keeps the order; none of them waits
		answers := make(chan *roostv1.DeviceStatus, 1)
		g.env.send(pid, &statusWanted{resources: resources, answer: answers})
		select {
		case status := <-answers:
			if status != nil {
				statuses = append(statuses, status)
			}
		case <-timeout:
			return statuses
		}
	}
	return statuses
}

// checkAssignment refuses what would not make sense to any actor.
func checkAssignment(a *roostv1.Assignment) error {
	if a == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the assignment is nil")
	}
	if err := roostv1.CheckID("bus", a.Bus); err != nil {
		return err
	}
	profiles := make(map[string]*roostv1.Profile, len(a.Profiles))
	for _, p := range a.Profiles {
		profiles[p.GetId()] = p
	}
	seen := make(map[string]bool, len(a.Devices))
	for _, d := range a.Devices {
		switch p := profiles[d.GetProfile()]; {
		case d == nil:
			return roostv1.Errorf(roostv1.ErrInvalid, "bus %s: a device is nil", a.Bus)
		case roostv1.CheckID("device id", d.Id) != nil:
			return fmt.Errorf("bus %s: %w", a.Bus, roostv1.CheckID("device id", d.Id))
		case seen[d.Id]:
			return roostv1.Errorf(roostv1.ErrInvalid, "bus %s: device %s is named twice", a.Bus, d.Id)
		case d.BusID() != a.Bus:
			return roostv1.Errorf(roostv1.ErrInvalid, "bus %s: device %s is on bus %s", a.Bus, d.Id, d.BusID())
		case p == nil:
			return roostv1.Errorf(roostv1.ErrNotFound, "bus %s: device %s has profile %q, which is not given", a.Bus, d.Id, d.Profile)
		}
		seen[d.Id] = true
	}
	return nil
}
