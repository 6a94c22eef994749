package actors

import (
	"context"
	"errors"
	"slices"

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
	self, env, fence := ctx.Self(), d.env, d.env.touchFenceOf(d.begin.charge)
	work := func(ctx context.Context) (any, error) { return env.pollOnce(ctx, fence, poller, msg.resources) }
	reading := d.calling("read-back", classCommand, d.policy().PollTimeout, work, func(end outcome) {
		msg.answer(end)
		if end.abandoned {
			env.send(self, &broken{status: deviceStatus("read-back", end.err)})
		}
	})
	d.readings = append(slices.DeleteFunc(d.readings, (*call).isOver), reading)
	env.send(d.begin.bus, &turnWanted{call: reading})
}
