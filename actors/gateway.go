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
	"github.com/google/uuid"

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
	// Peers reach the devices that other gateways serve; nil: there are no others.
	Peers Peers
	// Fence bounds commands to devices that other gateways can reach; nil: nothing does, as
	// for a gateway that is alone.
	Fence Fence
	// Journal keeps the records of commands; nil: they live in memory only, as those of a gateway
	// that is alone, and are lost with the process.
	Journal Journal
	// Rights say whether a command may still be carried out for who submitted it; nil: any may.
	Rights Rights
	// Clock tells the hub's time, by which commands expire and which readings carry; nil: there is no hub,
	// and readings say that they are not synced.
	Clock Clock
	// Boot tells how long this machine is up; nil: how long the gateway is, and no boot has a name.
	Boot BootClock
	// Submitter has the commands accepted that are sent to a device's PID, by Ask, or by Execute; nil:
	// they go straight to the device, if it is served here.
	Submitter Submitter
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
	// Wall is this machine's wall clock, which readings carry while the hub's time is not known, and which events and
	// tables show: it decides nothing. Default time.Now. For tests.
	Wall func() time.Time
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
		rights:     cfg.Rights,
		journal:    cfg.Journal,
		clock:      cfg.Clock,
		hub:        cfg.Clock,
		boot:       cfg.Boot,
		wall:       cfg.Wall,
		submit:     cfg.Submitter,
		life:       uuid.NewString(),
		events:     cfg.Events,
		logger:     cfg.Logger,
		dice:       cfg.Jitter,
		storm:      &storm{limit: cmp.Or(cfg.MaxRestarts, defaultMaxRestarts)},
		directory:  newDirectory(),
		buses:      newDirectory(),
		dispatcher: &dispatcher{},
	}
	if e.fence == nil {
		e.fence = unfenced{}
	}
	if e.clock == nil {
		e.clock = machineClock{began: e.started}
	}
	if e.boot == nil {
		e.boot = processClock{began: e.started}
	}
	if e.wall == nil {
		e.wall = time.Now
	}
	e.uptime = newUptime(e.boot)
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
	e.calls = newCalls(ctx)
	if cfg.Peers == nil {
		cfg.Peers = alone{e}
	}
	e.devices = newDevices(e, cfg.Peers)
	e.guests = newGuests(e)
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
// wire end, commands that wait are left in the Journal, or rejected where there is none, sessions are closed, readings are stored.
// It returns when everything has ended, after StopTimeout and a little at the latest;
// the error tells what had to be cut off. A gateway runs once.
func (g *Gateway) Run(ctx context.Context) error {
	if !g.running.CompareAndSwap(false, true) {
		return errors.New("a gateway runs once")
	}
	e := g.env
	e.system = e.newSystem()
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
	inTime, cancel := context.WithTimeout(context.Background(), g.stopTimeout)
	defer cancel()
	guests := e.guests.stop()
	e.send(g.root, &shutRoot{done: func() { close(empty) }})
	var cut error
	select {
	case <-empty:
	case <-inTime.Done():
		_, more := e.directory.page("", 0)
		cut = fmt.Errorf("gateway %s: not everything was closed within %v (devices left: %v); readings that were not stored are lost", e.id, g.stopTimeout, more)
	}
	switch left := e.guests.await(inTime, guests); {
	case cut == nil:
		cut = left
	case left != nil:
		cut = fmt.Errorf("%w; %w", cut, left)
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
