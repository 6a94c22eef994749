package hub

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/nodes/hub/guard"
)

// lookInterval is how often the users file is looked at: one that was revoked is cut off after that at the latest.
const lookInterval = time.Second

// foundTimeout bounds one attempt to write what the fleet needs.
const foundTimeout = 10 * time.Second

// warden keeps a running hub in step with its users file: who may connect, and what gateways are told of it. It
// also makes the streams of the fleet, which nobody else may.
type warden struct {
	hub    *Hub
	config Config
	users  *users
	taken  *guard.Roster // what the server has
	log    *slog.Logger

	conn    *nats.Conn    // as administrator; nil until it was needed
	behind  bool          // the server has not what the users file says
	due     bool          // the fleet has not what the users file says
	founded chan struct{} // closed when the streams are there
	failure string        // that was last told

	cancel context.CancelFunc
	all    errgroup.Group
}

func newWarden(h *Hub, cfg Config) *warden {
	return &warden{hub: h, config: cfg, users: h.site.users, taken: h.site.users.roster, log: cfg.Logger, due: true, founded: make(chan struct{})}
}

// start begins the watch, which ends with stop.
func (w *warden) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.all.Go(func() error {
		w.run(ctx)
		return nil
	})
}

func (w *warden) stop() {
	w.cancel()
	_ = w.all.Wait()
}

// ready reports whether the fleet has its streams.
func (w *warden) ready() bool {
	select {
	case <-w.founded:
		return true
	default:
		return false
	}
}

func (w *warden) run(ctx context.Context) {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for {
		w.round(ctx)
		select {
		case <-ctx.Done():
			if w.conn != nil {
				w.conn.Close()
			}
			return
		case <-ticker.C:
		}
	}
}

// round looks once. What fails is tried again in the next one, and told once.
func (w *warden) round(ctx context.Context) {
	changed, err := w.users.read()
	if changed { // what comes of it is told, also if it is what was told before
		w.failure = ""
	}
	if err != nil {
		w.tell("the users file is not followed: those before stay", err)
		return
	}
	if changed || w.behind {
		w.behind = true
		if err := w.reload(); err != nil {
			w.tell("the users file is not followed: those before stay", err)
			return
		}
		w.behind = false
		w.log.Info("users changed", "users", len(w.users.roster.Users))
		w.due = true
	}
	if !w.due || w.hub.missing() != "" {
		return
	}
	if err := w.found(ctx); err != nil {
		if ctx.Err() == nil {
			w.tell("the fleet has not what its users need", err)
		}
		return
	}
	w.due, w.failure = false, ""
}

func (w *warden) tell(what string, err error) {
	if text := err.Error(); text != w.failure {
		w.failure = text
		w.log.Error(what, "error", err)
	}
}

// reload has the server take the present users. It cuts off who is none any more.
//
// It is done in two steps: an account that is new in a reload has its imports, but nothing listens for them before the
// next one (nats-server 2.15.2, configureAccounts). So nobody is let into it before that. TestUsersFollow keeps it.
func (w *warden) reload() error {
	for _, step := range []*guard.Roster{w.users.roster.Announce(w.taken), w.users.roster} {
		at := w.hub.site
		at.users = w.users.with(step)
		o, err := options(w.config, at, w.hub.folder.store)
		if err != nil {
			return err
		}
		if err := w.hub.server.ReloadOptions(o); err != nil {
			return err
		}
	}
	w.taken = w.users.roster
	return nil
}

// found makes what the fleet needs at the hub.
func (w *warden) found(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, foundTimeout)
	defer cancel()
	if err := w.connect(); err != nil {
		return err
	}
	err := guard.Found(ctx, w.conn, w.users.roster)
	if errors.Is(err, guard.ErrOlder) {
		w.log.Error("who was revoked at another hub may still be let in here: copy its users file to this one", "error", err, "file", w.users.folder.Users())
	} else if err != nil {
		return err
	}
	if !w.ready() {
		close(w.founded)
	}
	return nil
}

// connect makes the connection, and from then on hears of consumers that somebody makes.
func (w *warden) connect() error {
	if w.conn != nil {
		return nil
	}
	nc, err := nats.Connect("", nats.InProcessServer(w.hub.server), nats.Nkey(w.users.public, w.users.self.Sign),
		nats.Name("roost hub"), nats.MaxReconnects(-1))
	if err != nil {
		return err
	}
	w.conn = nc
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	_, err = nc.Subscribe(guard.ConsumersMade, func(m *nats.Msg) { w.inspect(js, m.Data) })
	return err
}

// inspect looks at a consumer that was made.
func (w *warden) inspect(js jetstream.JetStream, advisory []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), foundTimeout)
	defer cancel()
	stream, consumer := guard.MadeConsumer(advisory)
	deleted, err := guard.DeletePush(ctx, js, stream, consumer)
	if err != nil {
		w.log.Error("consumer cannot be looked at", "error", err)
	}
	if deleted {
		w.log.Warn("somebody made a push consumer, which was deleted", "stream", stream, "consumer", consumer)
	}
}
