package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// strayPatience is how long commands of a device that is not on the bus wait for it to be assigned.
const strayPatience = 5 * time.Second

// A hand is a command that a supervisor is handed. again is whether it was handed before under this
// epoch: then a supervisor that does not know it has ended it, or took the place of one that has.
type hand struct {
	open  *roostv1.OpenCommand
	again bool
}

// custody is what a bus keeps of the commands that it was handed. Those of a device come in the order in
// which the hub stored them, so one number tells which of them were handed already: what comes again, with its
// cancellation, or because who hands it has not seen its end yet, must not be done again. Those that this gateway
// accepted while the hub was away stand in no such order: each is handed once.
type custody struct {
	handed map[string]uint64     // by device: the order of its last command
	strays map[string]*successor // of devices that are not on the bus (yet)
}

// admit makes the hand of a command.
func (c *custody) admit(open *roostv1.OpenCommand) hand {
	if c.handed == nil {
		c.handed = make(map[string]uint64)
	}
	if open.GetRecord().GetLocalGateway() != "" {
		return hand{open: open}
	}
	device, order := open.GetRecord().GetDeviceId(), open.GetRecord().GetOrder()
	again := order > 0 && order <= c.handed[device]
	c.handed[device] = max(c.handed[device], order)
	return hand{open: open, again: again}
}

// commands hands commands to their devices, in order.
func (b *bus) commands(ctx actor.Context, msg *commandsOf) {
	if b.shutting {
		return
	}
	if b.custody == nil {
		b.custody = &custody{}
	}
	var devices []string
	hands := make(map[string][]hand)
	for _, open := range msg.open {
		device := open.GetRecord().GetDeviceId()
		if open.GetRecord().GetCommandId() == "" {
			continue // it is no command
		}
		if hands[device] == nil {
			devices = append(devices, device)
		}
		hands[device] = append(hands[device], b.custody.admit(open))
	}
	for _, device := range devices {
		b.hand(ctx, device, hands[device])
	}
}

// hand gives a device's commands to its supervisor, or keeps them for the next one.
func (b *bus) hand(ctx actor.Context, device string, hands []hand) {
	switch m := b.member(device); {
	case m == nil:
		b.stray(ctx, device, hands)
	case !m.leaving:
		ctx.Send(m.supervisor, &handed{hands: hands})
	default:
		// What a supervisor on its way out was handed is its own until it has ended.
		if own := m.next.keep(hands); len(own) > 0 {
			ctx.Send(m.supervisor, &handed{hands: own})
		}
	}
}

// keep takes what was not handed before, or is kept already, and returns the rest.
func (s *successor) keep(hands []hand) (rest []hand) {
	for _, h := range hands {
		switch {
		case !h.again:
			s.hands = append(s.hands, h)
		case !s.replace(h):
			rest = append(rest, h)
		}
	}
	return rest
}

// replace puts a command, with its cancellation, in place of the one that is kept, and reports whether there
// was one.
func (s *successor) replace(h hand) bool {
	for i := range s.hands {
		if s.hands[i].open.GetRecord().GetCommandId() == h.open.GetRecord().GetCommandId() {
			h.again = false
			s.hands[i] = h
			return true
		}
	}
	return false
}

// stray keeps commands of a device that is not on the bus: it may be assigned soon. Those that are not new
// have ended.
func (b *bus) stray(ctx actor.Context, device string, hands []hand) {
	kept := b.custody.strays[device]
	if kept == nil {
		kept = &successor{}
	}
	kept.keep(hands)
	if len(kept.hands) == 0 || b.custody.strays[device] != nil {
		return
	}
	if b.custody.strays == nil {
		b.custody.strays = make(map[string]*successor)
	}
	b.custody.strays[device] = kept
	b.env.after(strayPatience, ctx.Self(), &strayed{device: device})
}

// claimStrays gives a device's supervisor the commands that came before it.
func (b *bus) claimStrays(ctx actor.Context, device string) {
	if b.custody == nil || b.custody.strays[device] == nil {
		return
	}
	kept := b.custody.strays[device]
	delete(b.custody.strays, device)
	b.hand(ctx, device, kept.hands)
}

// strayed ends commands of a device that has not come.
func (b *bus) strayed(msg *strayed) {
	if b.shutting {
		return
	}
	kept := b.custody.strays[msg.device]
	if kept == nil {
		return
	}
	delete(b.custody.strays, msg.device)
	for _, h := range kept.hands {
		b.endStray(h.open.GetRecord())
	}
}

// endStray ends a command whose device is gone: as far as anybody can know any more.
func (b *bus) endStray(r *roostv1.CommandRecord) {
	r = proto.CloneOf(r)
	why := roostv1.Errorf(roostv1.ErrNotFound, "device %s is not on bus %s any more", r.GetDeviceId(), b.id)
	changes := []roostv1.Change{{State: roostv1.CommandState_COMMAND_STATE_REJECTED, Status: why}}
	switch {
	case r.GetState().Final():
		return
	case r.GetState() == roostv1.CommandState_COMMAND_STATE_DISPATCHED:
		changes = []roostv1.Change{unknownWith(why), indeterminateWith(why)}
	case r.GetState() == roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		changes = []roostv1.Change{indeterminateWith(why)}
	}
	for _, c := range changes {
		c.At, c.Gateway, c.Epoch = b.env.stamp(b.id, b.epoch, r), b.env.id, b.epoch
		if err := r.Enter(c); err != nil {
			b.env.logger.Error("a command of a device that is gone was not ended", "command", r.GetCommandId(), "error", err)
			return
		}
	}
	b.env.record(b.id, b.epoch, r, func(error) {})
}
