package cluster

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Link is how a program reaches its fleet. A secured hub has streams and talk in accounts of their own, so that
// what a stream delivers can never be taken for what somebody said; the program then has a connection to each.
type Link struct {
	Data *nats.Conn  // for streams
	Talk *nats.Conn  // for requests, events and live traffic; nil: Data
	Name string      // of the credential; empty: the hub knows nobody by name
	Role access.Role // of the credential

	refusals *refusals // of the talk connection; nil: nobody is told
}

// Close closes the connections.
func (l Link) Close() {
	for _, nc := range []*nats.Conn{l.Talk, l.Data} {
		if nc != nil {
			nc.Close()
		}
	}
}

// talk is the connection for all but streams.
func (l Link) talk() *nats.Conn {
	if l.Talk == nil {
		return l.Data
	}
	return l.Talk
}

// ConnectGatewayAs is ConnectGateway with a gateway's credential, whose name is its id.
func ConnectGatewayAs(credential *access.Credential, log *slog.Logger, opts ...nats.Option) (Link, error) {
	if credential.Role != access.RoleGateway {
		return Link{}, roostv1.Errorf(roostv1.ErrPermission, "the credentials of %s %s are not those of a gateway", credential.Role, credential.Name)
	}
	return connectAs(credential, "roost gateway "+credential.Name, log, append([]nats.Option{nats.RetryOnFailedConnect(true)}, opts...))
}

// ConnectClientAs is ConnectClient with a credential. A gateway's will do as well, for what gateways may.
func ConnectClientAs(ctx context.Context, credential *access.Credential, name string, log *slog.Logger, opts ...nats.Option) (Link, error) {
	timeout, err := dialWithin(ctx, credential.Hub)
	if err != nil {
		return Link{}, err
	}
	return connectAs(credential, name, log, append([]nats.Option{nats.Timeout(timeout)}, opts...))
}

// connectAs makes the connections that a credential is for.
func connectAs(credential *access.Credential, name string, log *slog.Logger, opts []nats.Option) (Link, error) {
	refusals := &refusals{name: credential.Name, waiting: map[*waitingFor]struct{}{}}
	link := Link{Name: credential.Name, Role: credential.Role, refusals: refusals}
	for _, c := range []struct {
		as   string
		user func() ([]nats.Option, error)
		to   **nats.Conn
	}{
		{"data", credential.DataOptions, &link.Data},
		{"talk", credential.TalkOptions, &link.Talk},
	} {
		if c.to == &link.Talk && credential.Talk == "" {
			continue
		}
		user, err := c.user()
		if err == nil {
			log := orDiscard(log).With("connection", c.as)
			all := append(connectOptions(name+" "+c.as, log), user...)
			all = append(all, nats.ErrorHandler(refusals.handler(logError(log))))
			*c.to, err = nats.Connect(credential.Hub, append(all, opts...)...)
			if err != nil {
				err = ConnectProblem(credential.Hub, credential, err)
			}
		}
		if err != nil {
			link.Close()
			return Link{}, err
		}
	}
	return link, nil
}
