package cluster

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// DefaultURL is where a hub is looked for when nothing else is said.
const DefaultURL = nats.DefaultURL

// A link that went silent is given up after about two pings: the hub is away then, and
// whoever waits for it is told.
const (
	pingInterval    = 2 * time.Second
	maxPings        = 2
	dialTimeout     = 2 * time.Second
	reconnectWait   = 250 * time.Millisecond
	reconnectJitter = 250 * time.Millisecond
	flusherTimeout  = 2 * time.Second
)

// ConnectGateway connects a gateway to the hub at url (several, separated by commas). It
// returns at once, also when the hub is away: the connection comes up when the hub does,
// and again after each loss, for as long as it is not closed. Nothing is kept back to be
// sent later: what is published while the hub is away fails.
//
// With nats.InProcessServer among the options the hub is in this process, and url is not used.
func ConnectGateway(url, id string, log *slog.Logger, opts ...nats.Option) (*nats.Conn, error) {
	if err := roostv1.CheckID("gateway id", id); err != nil {
		return nil, err
	}
	all := append(connectOptions("roost gateway "+id, log),
		nats.RetryOnFailedConnect(true),
		// An inbox of its own lets the hub's permissions keep other gateways out of it.
		nats.CustomInboxPrefix(access.InboxPrefix(id)))
	nc, err := nats.Connect(url, append(all, opts...)...)
	if err != nil {
		return nil, ConnectProblem(url, nil, err)
	}
	return nc, nil
}

// ConnectClient connects a program that uses a fleet to the hub at url. Unlike a gateway
// it does not wait for a hub that is away: the error is then ErrUnavailable and says
// where the hub was looked for. A connection that was up comes up again after a loss.
func ConnectClient(ctx context.Context, url, name string, log *slog.Logger, opts ...nats.Option) (*nats.Conn, error) {
	timeout, err := dialWithin(ctx, url)
	if err != nil {
		return nil, err
	}
	all := append(connectOptions(name, log), nats.Timeout(timeout))
	nc, err := nats.Connect(url, append(all, opts...)...)
	if err != nil {
		return nil, ConnectProblem(url, nil, err)
	}
	return nc, nil
}

// dialWithin is how long a client tries to reach one server.
func dialWithin(ctx context.Context, url string) (time.Duration, error) {
	timeout := dialTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	}
	if timeout <= 0 || ctx.Err() != nil {
		return 0, fmt.Errorf("connect to hub at %s: %w", Redact(url), cmp.Or(ctx.Err(), context.DeadlineExceeded))
	}
	return timeout, nil
}

// connectOptions are the settings that all of Roost's connections share.
func connectOptions(name string, log *slog.Logger) []nats.Option {
	return append(connectHandlers(orDiscard(log)),
		nats.Name(name),
		nats.Timeout(dialTimeout),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(maxPings),
		nats.FlusherTimeout(flusherTimeout),
		nats.ReconnectOnFlusherError(),
		nats.MaxReconnects(-1),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.IgnoreAuthErrorAbort(),
		nats.PermissionErrOnSubscribe(true),
		// Without a buffer a publish fails while the hub is away. With one, it would be sent
		// after the reconnect, when its sender has long been told that it failed.
		nats.ReconnectBufSize(-1),
	)
}

// orDiscard returns the logger, or one that says nothing where there is none.
func orDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// reconnectDelay is how long to wait after all servers were tried in vain.
func reconnectDelay(int) time.Duration {
	return reconnectWait + rand.N(reconnectJitter)
}

// connectHandlers log what happens to a connection. Lost permissions and slow consumers
// show nowhere else.
func connectHandlers(log *slog.Logger) []nats.Option {
	return []nats.Option{
		nats.ConnectHandler(func(nc *nats.Conn) { log.Info("hub connected", "hub", nc.ConnectedUrlRedacted()) }),
		nats.ReconnectHandler(func(nc *nats.Conn) { log.Info("hub reconnected", "hub", nc.ConnectedUrlRedacted()) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // else it was closed from here
				log.Warn("hub disconnected", "error", err)
			}
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { log.Debug("hub not reached", "error", err) }),
		nats.ClosedHandler(func(nc *nats.Conn) { log.Debug("connection closed", "error", nc.LastError()) }),
		nats.LameDuckModeHandler(func(nc *nats.Conn) { log.Warn("hub is about to stop", "hub", nc.ConnectedUrlRedacted()) }),
		nats.ErrorHandler(logError(log)),
	}
}

func logError(log *slog.Logger) nats.ErrHandler {
	return func(_ *nats.Conn, sub *nats.Subscription, err error) {
		subject := ""
		if sub != nil {
			subject = sub.Subject
		}
		log.Warn("connection error", "subject", subject, "error", err)
	}
}

// Redact takes passwords and tokens out of a list of URLs.
func Redact(urls string) string {
	if urls == "" {
		return DefaultURL
	}
	list := strings.Split(urls, ",")
	for i, one := range list {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.User == nil {
			continue
		}
		u.User = url.User("-")
		list[i] = u.String()
	}
	return strings.Join(list, ",")
}
