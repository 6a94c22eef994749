package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// defaultLeave is how long leaving may take: with the last requests before it and the last
// readings after it, less than the five seconds that a service is given to stop.
const defaultLeave = 2750 * time.Millisecond

// defaultHubWait is how long the hub may be silent at the start before it counts as away.
const defaultHubWait = time.Second

// Config is what a gateway is made of.
type Config struct {
	Fleet   string            // name of the fleet; default "roost"
	ID      string            // of the gateway
	Labels  map[string]string // for the placement of devices
	Weight  uint32            // share of the fleet that it should get, relative to others; default 1
	Version string            // of the program
	Conn    *nats.Conn        // for streams; made by ConnectGateway; not closed
	Talk    *nats.Conn        // for requests, events and live traffic; not closed; default Conn
	Host    Host              // the actors
	Live    Deliverer         // takes what actors of other gateways ask; nil: nobody does
	Logger  *slog.Logger      // default: none
	Schema  Schema            // of the streams, where they are to be made

	// Spool tells how the gateway's own store of readings is; nil: it has none.
	Spool func() *roostv1.SpoolStatus

	// Lease is how long the gateway may act without a word of the hub; the same for all of a
	// fleet. Default 2 s, and a quarter of it that peers wait beyond it.
	Lease lease.Terms

	// BootID tells one boot of this machine from every other, for people and for readings that were made
	// before the hub's time was known; empty: the system does not say.
	BootID string

	// Ended are incarnations of this gateway that are certain to act no more, since their process
	// has ended: their record is replaced at once. The record of any other is waited for.
	Ended []string

	// Begun is told of each incarnation before it is recorded at the hub, so that its end can be
	// proved to the next process; default: nobody is. Its error ends Run.
	Begun func(incarnation string) error

	// Edge is what the gateway stores to run without the hub; nil: it stores nothing, and waits for the hub.
	Edge *Edge

	// HubWait is how long the hub may be silent when the gateway starts, before the devices that only this gateway can
	// reach are run from the registry that Edge has. Default 1 s.
	HubWait time.Duration

	// Wall is this machine's wall clock, for people: what decides goes by others. Default time.Now. For tests.
	Wall func() time.Time

	// LeaveTimeout bounds leaving in order: what the hub could not be told by then, it is not
	// told. Closing a device may take 60 % of it. Default 2.75 s.
	LeaveTimeout time.Duration

	// MaxRequests bounds the requests that are worked on at one time, and the commands that are being
	// accepted; one more is answered BUSY. Callers who wait for a command to end take no part. Default 1024.
	MaxRequests int
}

func (c Config) withDefaults() Config {
	c.Fleet = cmp.Or(c.Fleet, DefaultFleet)
	c.LeaveTimeout = cmp.Or(c.LeaveTimeout, defaultLeave)
	c.HubWait = cmp.Or(c.HubWait, defaultHubWait)
	c.MaxRequests = cmp.Or(c.MaxRequests, 1024)
	c.Lease.Lease = cmp.Or(c.Lease.Lease, lease.DefaultLease)
	c.Labels = maps.Clone(c.Labels)
	c.Logger = orDiscard(c.Logger)
	if c.Wall == nil {
		c.Wall = time.Now
	}
	if c.Talk == nil {
		c.Talk = c.Conn
	}
	if c.Begun == nil {
		c.Begun = func(string) error { return nil }
	}
	return c
}

// DefaultFleet is the fleet's name where none is given.
const DefaultFleet = "roost"

func (c Config) check() error {
	if err := roostv1.CheckID("gateway id", c.ID); err != nil {
		return err
	}
	switch {
	case c.Conn == nil:
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s has no connection", c.ID)
	case c.Host == nil:
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s has no host for its devices", c.ID)
	case c.HubWait < 0:
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s: HubWait is negative", c.ID)
	case c.Edge != nil && (c.Edge.gateway != c.ID || c.Edge.fleet != c.Fleet):
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s of fleet %s: its Edge is that of gateway %s of fleet %s", c.ID, c.Fleet, c.Edge.gateway, c.Edge.fleet)
	case c.LeaveTimeout < 0:
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s: LeaveTimeout is negative", c.ID)
	case c.BootID != "" && len(c.BootID) > 64:
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s: BootID is longer than 64 bytes", c.ID)
	case c.MaxRequests < 0:
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s: MaxRequests is negative", c.ID)
	}
	if err := c.Schema.check(); err != nil {
		return err
	}
	return c.Lease.Validate()
}

// Gateway is one gateway's part in the cluster: it joins and keeps its lease, serves its share of
// the buses, takes requests, and leaves.
type Gateway struct {
	config  Config
	names   Subjects
	clock   boottime.Clock
	picture *Picture
	peers   *Peers
	status  *gatewayStatus
	events  *events
	fence   *Fence
	boot    BootClock
	hub     *HubClock
	service *serviceClock
	hearing *hearing
	began   chan struct{} // closed when devices are served without the hub
	alone   atomic.Uint64 // devices that were begun to be served while the hub was away
	heeds   chan struct{} // closed when requests are taken
	keeper  *keeper
	recent  *recentEvents
	desk    *desk
	journal *Journal
	waits   *waits
	rights  *Rights
	log     *slog.Logger

	submitter *submitter
	finder    *finder
	requests  requestCounts
}

// NewGateway returns a gateway that does nothing before Run. The error is ErrInvalid.
func NewGateway(config Config) (*Gateway, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	names, err := SubjectsOf(config.Fleet)
	if err != nil {
		return nil, err
	}
	clock, err := boottime.Open()
	if err != nil {
		return nil, err
	}
	log := config.Logger.With("gateway", config.ID)
	g := &Gateway{
		config:  config,
		names:   names,
		clock:   clock,
		picture: NewPicture(names),
		events:  newEvents(config.Talk, names, config.ID, config.Wall, log),
		fence:   newFence(clock),
		boot:    newBootClock(clock, config.BootID),
		recent:  &recentEvents{},
		heeds:   make(chan struct{}),
		began:   make(chan struct{}),
		log:     log,
	}
	g.hub = &HubClock{clock: clock, boot: g.boot.ID(), wall: config.Wall}
	g.picture.takeovers = &takeovers{}
	g.rights = &Rights{picture: g.picture, audit: newAudit(g.Emit)}
	g.service = &serviceClock{hub: g.hub, clock: clock}
	g.hearing = &hearing{clock: clock, first: config.HubWait, lease: config.Lease.Lease}
	if err := g.newCommands(); err != nil {
		return nil, err
	}
	if g.keeper, err = g.newKeeper(); err != nil {
		return nil, err
	}
	g.status = &gatewayStatus{keeper: g.keeper, hub: g.hub, hearing: g.hearing, edge: config.Edge, host: config.Host, spool: config.Spool}
	if config.Edge != nil {
		g.beginEdge()
	}
	g.peers = newPeers(config, names, g.picture, g.Incarnation, config.Live, log)
	return g, nil
}

// newKeeper returns the keeper of the gateway's lease. The error is ErrInvalid: the terms are.
func (g *Gateway) newKeeper() (*keeper, error) {
	evictor, err := lease.NewEvictor(g.config.Lease)
	if err != nil {
		return nil, err
	}
	sight, err := lease.NewSight(g.config.Lease)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname() // for people; without it the record is as good
	return &keeper{
		id: g.config.ID, names: g.names, terms: g.config.Lease, clock: g.clock,
		base: &roostv1.Member{
			GatewayId: g.config.ID, Labels: g.config.Labels, Weight: g.config.Weight, Host: host, Pid: int64(os.Getpid()),
			Version: g.config.Version, BootId: g.config.BootID, StartedAt: timestamppb.New(g.config.Wall()),
		},
		picture: g.picture, fence: g.fence, hub: g.hub, hearing: g.hearing, begun: g.config.Begun, tell: g.tell, log: g.log,
		asks: make(chan func()), changed: make(chan struct{}, 1), joined: make(chan struct{}), over: make(chan struct{}),
		evictor: evictor, sight: sight, stream: g.picture.generation(), ended: slices.Clone(g.config.Ended),
	}, nil
}

// Peers reach the devices that other gateways of the fleet serve, while Run runs.
func (g *Gateway) Peers() *Peers { return g.peers }

// Listening is closed when the gateway has joined and takes requests.
func (g *Gateway) Listening() <-chan struct{} { return g.heeds }

// Picture is what the gateway knows of its fleet; it is filled while Run runs.
func (g *Gateway) Picture() *Picture { return g.picture }

// Fence tells until when the gateway may act on devices that others can reach too.
func (g *Gateway) Fence() *Fence { return g.fence }

// HubClock tells the time of the hub, once the gateway has joined.
func (g *Gateway) HubClock() *HubClock { return g.hub }

// BootClock tells how long this machine is up.
func (g *Gateway) BootClock() BootClock { return g.boot }

// Incarnation names this run of the gateway in every record that it writes. It changes when the
// lease was lost; before Run it is empty.
func (g *Gateway) Incarnation() string { return g.keeper.standing().self.incarnation }

// Emit tells the fleet of an event, without waiting. Its gateway, and its time if it has
// none, are filled in on a copy. Emit may be called at any time, by any goroutine.
func (g *Gateway) Emit(event *roostv1.Event) {
	if event != nil {
		event = g.events.complete(event)
	}
	g.recent.note(event)
	g.events.emit(event)
}

// untilHub tries an act until it succeeds or ctx ends, for as long as it fails only since
// the hub is away.
func (g *Gateway) untilHub(ctx context.Context, done string, act func() error) error {
	said := false
	for {
		err := act()
		switch {
		case err == nil:
			g.log.Debug(done)
			return nil
		case ctx.Err() != nil:
			return nil
		case !away(err):
			return err
		case !said:
			said = true
			g.log.Warn("waiting for the hub", "reason", err)
		}
		if !pause(ctx) {
			return nil
		}
	}
}

// away reports whether an error only says that the hub cannot be reached at present.
func away(err error) bool {
	return errors.Is(err, roostv1.ErrUnavailable) || errors.Is(err, roostv1.ErrOutcomeUnknown)
}

// tell tells what happens to the gateway.
func (g *Gateway) tell(what string) {
	g.log.Info("gateway " + what)
	g.Emit(&roostv1.Event{
		Gateway: g.config.ID, Kind: roostv1.EventKind_EVENT_KIND_GATEWAY,
		Message: fmt.Sprintf("gateway %s %s", g.config.ID, what),
	})
}
