package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// defaultLeave is how long leaving may take: with the last requests before it and the last
// readings after it, less than the five seconds that a service is given to stop.
const defaultLeave = 2750 * time.Millisecond

// Config is what a gateway is made of.
type Config struct {
	Fleet   string            // name of the fleet; default "roost"
	ID      string            // of the gateway
	Labels  map[string]string // for the placement of devices
	Version string            // of the program
	Conn    *nats.Conn        // made by ConnectGateway; not closed
	Host    Host              // the actors
	Logger  *slog.Logger      // default: none
	Schema  Schema            // of the streams, where they are to be made

	// LeaveTimeout bounds leaving in order: what the hub could not be told by then, it is not
	// told. Closing the devices may take 60 % of it. Default 2.75 s.
	LeaveTimeout time.Duration

	// MaxRequests bounds the requests that are worked on at one time; one more is
	// answered BUSY. A command takes part until its caller is answered. Default 1024.
	MaxRequests int
}

func (c Config) withDefaults() Config {
	c.Fleet = cmp.Or(c.Fleet, DefaultFleet)
	c.LeaveTimeout = cmp.Or(c.LeaveTimeout, defaultLeave)
	c.MaxRequests = cmp.Or(c.MaxRequests, 1024)
	c.Labels = maps.Clone(c.Labels)
	c.Logger = orDiscard(c.Logger)
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
	case c.LeaveTimeout < 0:
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s: LeaveTimeout is negative", c.ID)
	case c.MaxRequests < 0:
		return roostv1.Errorf(roostv1.ErrInvalid, "gateway %s: MaxRequests is negative", c.ID)
	}
	return nil
}

// Gateway is one gateway's part in the cluster: it joins, claims the buses that it can
// serve, has the Host serve them, takes requests, and leaves.
type Gateway struct {
	config  Config
	names   Subjects
	member  *roostv1.Member
	picture *Picture
	events  *events
	log     *slog.Logger
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
	host, _ := os.Hostname() // for people; without it the record is as good
	log := config.Logger.With("gateway", config.ID)
	return &Gateway{
		config:  config,
		names:   names,
		picture: NewPicture(names),
		events:  newEvents(config.Conn, names, config.ID, log),
		log:     log,
		member: &roostv1.Member{
			GatewayId: config.ID, Incarnation: uuid.NewString(), Labels: config.Labels,
			Host: host, Pid: int64(os.Getpid()), Version: config.Version, StartedAt: timestamppb.New(time.Now()),
		},
	}, nil
}

// Picture is what the gateway knows of its fleet; it is filled while Run runs.
func (g *Gateway) Picture() *Picture { return g.picture }

// Incarnation is this run of the gateway: it is in every record that the gateway writes.
func (g *Gateway) Incarnation() string { return g.member.Incarnation }

// Emit tells the fleet of an event, without waiting. Its gateway, and its time if it has
// none, are filled in on a copy. Emit may be called at any time, by any goroutine.
func (g *Gateway) Emit(event *roostv1.Event) { g.events.emit(event) }

// Run takes part in the cluster until ctx ends, leaves in order, and returns nil when all that
// it started has ended. A hub that is away is waited for. Any other error ends Run: a
// schema or server that cannot be used, or another process that runs under the same id;
// both are ErrConflict. Run is called once.
func (g *Gateway) Run(ctx context.Context) error {
	if err := g.untilHub(ctx, "schema checked", func() error {
		return g.config.Schema.Ensure(ctx, g.config.Conn, g.names)
	}); err != nil || ctx.Err() != nil {
		return err
	}
	follower, err := NewFollower(g.config.Conn, g.names, g.picture, g.Emit, g.log)
	if err != nil {
		return err
	}
	// What serves others ends after what they serve: events and the picture to the last.
	beneath, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, failed := errgroup.WithContext(beneath)
	group.Go(func() error { return g.events.run(beneath) })
	group.Go(func() error { return follower.Run(beneath) })
	group.Go(func() error {
		defer stop()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(failed, cancel)()
		return g.serve(ctx)
	})
	return group.Wait()
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

// serve joins, serves until ctx ends, and leaves.
func (g *Gateway) serve(ctx context.Context) error {
	out, err := newCASWriter(g.config.Conn, g.names)
	if err != nil {
		return err
	}
	defer out.close()
	member := &membership{names: g.names, out: out, record: g.member}
	if err := g.untilHub(ctx, "member recorded", func() error { return member.join(ctx) }); err != nil || ctx.Err() != nil {
		return err
	}
	g.tell("joined")
	custody := g.newCustody(out)
	err = g.work(ctx, custody, member)
	g.leave(ctx, custody, member, err == nil)
	return err
}

// work takes requests and keeps custody of buses until ctx ends, or another process has
// taken this gateway's place.
func (g *Gateway) work(ctx context.Context, custody *custody, member *membership) error {
	if g.picture.Wait(ctx, member.sequence) != nil {
		return nil
	}
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return newIngress(g).run(working) })
	group.Go(func() error {
		return custody.run(working, func() error { return member.superseded(g.picture.Member(g.config.ID)) })
	})
	return group.Wait()
}

func (g *Gateway) newCustody(out *casWriter) *custody {
	return &custody{
		self:  self{g.config.ID, g.member.Incarnation},
		names: g.names, labels: g.config.Labels, picture: g.picture, host: g.config.Host,
		out: out, report: g.Emit, log: g.log,
		held: map[string]bool{}, again: map[string]bool{}, flawed: map[string]string{},
	}
}

// leave closes what the Host serves, gives up the buses, and says so. If this gateway was
// superseded, the buses and the record are the other one's.
func (g *Gateway) leave(ctx context.Context, custody *custody, member *membership, owner bool) {
	hub, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.config.LeaveTimeout)
	defer cancel()
	withdraw, cancel := context.WithTimeout(hub, g.config.LeaveTimeout*6/10)
	defer cancel()
	custody.withdrawAll(withdraw)
	if !owner {
		return
	}
	if err := g.giveUp(hub, custody, member); err != nil {
		g.log.Warn("left, but the hub could not be told", "error", err)
		return
	}
	g.tell("left")
}

// giveUp writes that this gateway owns nothing and is gone. A claim may still be on its
// way, unanswered: once the picture has what was written after it, the claim is there too.
func (g *Gateway) giveUp(ctx context.Context, custody *custody, member *membership) error {
	if err := member.drain(ctx); err != nil {
		return err
	}
	if err := g.picture.Wait(ctx, member.sequence); err != nil {
		return fmt.Errorf("see one's own record: %w", err)
	}
	custody.releaseAll(ctx)
	return member.leave(ctx)
}

func (g *Gateway) tell(what string) {
	g.log.Info("gateway " + what)
	g.Emit(&roostv1.Event{
		At: timestamppb.New(time.Now()), Gateway: g.config.ID, Kind: roostv1.EventKind_EVENT_KIND_GATEWAY,
		Message: fmt.Sprintf("gateway %s %s", g.config.ID, what),
	})
}
