package opcua

import (
	"context"
	"fmt"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Probe is a session for those who look for what a server has. It reads and browses only: [Probe.Do] refuses anything else. It may be used by any
// number of goroutines.
type Probe struct{ session *channel.Session }

// OpenProbe connects and logs in, by the keys of an address as devices have them.
func OpenProbe(ctx context.Context, given map[string]string) (*Probe, error) {
	k := keys.OfAddress(Name, &roostv1.DeviceSpec{Address: given}).From(keys.Anywhere)
	at := parseAddress(k)
	if err := k.Problems().Err(); err != nil {
		return nil, err
	}
	config, who, err := at.credentials("discover")
	if err != nil {
		return nil, err
	}
	c, err := channel.Dial(ctx, config)
	if err != nil {
		return nil, err
	}
	session, err := c.Login(ctx, who)
	if err != nil {
		_ = c.Close(ctx)
		return nil, fmt.Errorf("log in at %s: %w", at.to, err)
	}
	return &Probe{session}, nil
}

// Do sends a request that changes nothing, and waits for its answer. Others are actors.ErrNotSent.
func (p *Probe) Do(ctx context.Context, r ua.Request) (ua.Response, error) {
	switch r.(type) {
	case *ua.ReadRequest, *ua.BrowseRequest, *ua.BrowseNextRequest:
		return p.session.Do(ctx, r)
	}
	return nil, fmt.Errorf("%w: %T may change the server", actors.ErrNotSent, r)
}

// Close ends the session and its connection.
func (p *Probe) Close(ctx context.Context) { _ = p.session.Close(ctx) }
