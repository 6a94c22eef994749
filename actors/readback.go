package actors

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"
)

// errNoPoller is the end of a read-back of a device that only sends by itself.
var errNoPoller = errors.New("the device is not one that can be read")

// readBack reads resources out of turn, to see what a command did: as a command, since one waits for it.
func (d *device) readBack(ctx actor.Context, msg *readBack) {
	poller, ok := d.session.(Poller)
	if !ok {
		msg.refuse(errNoPoller)
		return
	}
	self, env := ctx.Self(), d.env
	work := func(ctx context.Context) (any, error) { return pollOnce(ctx, poller, msg.resources) }
	d.reading = d.calling("read-back", classCommand, d.policy().PollTimeout, work, func(end outcome) {
		msg.answer(end)
		if end.abandoned {
			env.send(self, &broken{status: deviceStatus("read-back", end.err)})
		}
	})
	env.send(d.begin.bus, &turnWanted{call: d.reading})
}
