package guard

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
)

// Found makes the streams of the fleet, rids them of push consumers, and tells its gateways who has which role. The connection is an
// administrator's. It may be done over and over, also by several at once. The error is ErrOlder if another hub
// knows of later users; all else is done then.
func Found(ctx context.Context, nc *nats.Conn, r *Roster) error {
	names, err := cluster.SubjectsOf(r.Fleet)
	if err != nil {
		return err
	}
	if err := (cluster.Schema{}).Ensure(ctx, nc, names); err != nil {
		return err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	if err := deletePushes(ctx, js, names); err != nil {
		return err
	}
	stream, err := js.Stream(ctx, names.ControlStream())
	if err != nil {
		return err
	}
	return (&grants{js: js, stream: stream, names: names}).follow(ctx, r) // last: all else is there also if it is ErrOlder
}
