package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// A lane is a priority class of a mailbox.
type lane uint8

const (
	laneControl lane = iota // the actors' own protocol; bounded by it, never refused
	laneCommand             // commands overtake polls and readings
	laneWork                // polls, readings, and messages of others
	laneCount
)

// overtakes is how many messages in a row may overtake a waiting one of laneWork.
const overtakes = 32

// A message is one of this package's own. Anything else that is sent to one of
// its actors travels in laneWork and can be refused.
type message interface{ lane() lane }

// A refusable message is one that a full or closed mailbox gives back: refuse is
// called instead of delivery, once, from any goroutine, with an error that is
// roostv1.ErrBusy or roostv1.ErrUnavailable. It must not block.
type refusable interface{ refuse(reason error) }

func laneOf(msg any) lane {
	if m, ok := msg.(message); ok {
		return m.lane()
	}
	if envelope, ok := msg.(*actor.MessageEnvelope); ok {
		if m, ok := envelope.Message.(message); ok {
			return m.lane()
		}
	}
	return laneWork
}

// isRefusable reports whether a full mailbox may give msg back: messages that can
// answer for it, and those that are not this package's own. The answer of a device is not
// given back: who asked would never hear of it.
func isRefusable(msg any) bool {
	if envelope, ok := msg.(*actor.MessageEnvelope); ok {
		if envelope.Sender != nil && envelope.Sender.Address == deviceAddress {
			return false
		}
		msg = envelope.Message
	}
	if _, ok := msg.(refusable); ok {
		return true
	}
	_, own := msg.(message)
	_, auto := msg.(actor.AutoReceiveMessage)
	return !own && !auto
}
