package actors

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// rememberedCommands is how many final records of a device are kept to answer for
	// a repeated id.
	rememberedCommands = 256
	// settleWindow is how long an UNKNOWN command may be settled, by the hub's clock, before it ends
	// INDETERMINATE.
	settleWindow = 10 * time.Second
	// firstRest is how long a command of unknown outcome waits before it is sent again; that doubles with
	// each attempt up to longestRest, and after maxAttempts it is settled.
	firstRest   = 100 * time.Millisecond
	longestRest = 5 * time.Second
	maxAttempts = 32
	// maxCrashes is how many attempts of a command may break the driver before the
	// command is parked.
	maxCrashes = 3
)

// commands is the command queue of one device. It is pure: it is told the time, and
// what it decides its supervisor does.
//
// Commands go one at a time: HIGH ones before NORMAL ones, and else in the order in which the hub
// stored them. Every command is in one place: the queue, current, unsettled, or ended.
type commands struct {
	self       *actor.PID        // the supervisor
	queue      []*order          // sorted
	current    *order            // given to the device, or confirmed by it
	unsettled  []*order          // UNKNOWN, and not to be sent again
	remembered map[string]*order // by id: all of the above and the last final ones
	finished   []string          // ids of those whose end is durable, oldest first
	ending     int               // those that have ended, which is not durable yet
	writes     int               // records given to the Journal without a word since
}

// find returns the order with the id; nil if it is not known.
func (c *commands) find(id string) *order {
	if c == nil {
		return nil
	}
	return c.remembered[id]
}

// idle reports whether no command is with the device.
func (c *commands) idle() bool { return c == nil || c.current == nil }

// quiet reports whether the Journal owes no word.
func (c *commands) quiet() bool { return c == nil || c.writes == 0 }

// open is how many commands have not ended for all to see.
func (c *commands) open() int {
	if c == nil {
		return 0
	}
	n := len(c.queue) + len(c.unsettled) + c.ending
	if c.current != nil {
		n++
	}
	return n
}

// any reports whether one that has not ended is meant.
func (c *commands) any(meant func(*order) bool) bool {
	if c == nil {
		return false
	}
	return c.current != nil && meant(c.current) || slices.ContainsFunc(c.queue, meant) || slices.ContainsFunc(c.unsettled, meant)
}

// remember makes an order known by its id.
func (c *commands) remember(o *order) {
	if c.remembered == nil {
		c.remembered = make(map[string]*order)
	}
	c.remembered[o.record.CommandId] = o
}

// finish keeps an order that has ended for a while.
func (c *commands) finish(o *order) {
	c.remember(o)
	c.finished = append(c.finished, o.record.CommandId)
	if len(c.finished) > rememberedCommands {
		delete(c.remembered, c.finished[0])
		c.finished = slices.Delete(c.finished, 0, 1)
	}
}

// forget drops an order that is not this supervisor's any more.
func (c *commands) forget(o *order) {
	c.drop(o)
	delete(c.remembered, o.record.CommandId)
}

// drop takes an order out of where it is.
func (c *commands) drop(o *order) {
	if c.current == o {
		c.current = nil
	}
	same := func(other *order) bool { return other == o }
	c.queue = slices.DeleteFunc(c.queue, same)
	c.unsettled = slices.DeleteFunc(c.unsettled, same)
}

// add queues an order that is new here, and returns those that it supersedes, which are out of the
// queue: those of the same name that go before it and were certainly never sent. One that has only waited
// for the bus is overtaken like any other.
func (c *commands) add(o *order) (superseded []*order) {
	if o.record.GetCommand().GetSupersede() {
		superseded = c.takeOut(func(other *order) bool { return c.superseded(other, o) })
		if other := c.current; other != nil && c.superseded(other, o) && other.permit != nil && other.permit.revoke() {
			c.current = nil
			superseded = append(superseded, other)
		}
	}
	c.remember(o)
	c.enqueue(o)
	if other := c.current; other != nil && o.before(other) && other.permit != nil && other.permit.revoke() {
		c.again()
	}
	return superseded
}

func (c *commands) superseded(other, by *order) bool {
	return other.waiting() && other.record.GetCommand().GetName() == by.record.GetCommand().GetName() && other.record.Order < by.record.Order
}

// enqueue puts an order where it belongs in the queue.
func (c *commands) enqueue(o *order) {
	at, _ := slices.BinarySearchFunc(c.queue, o, func(other, o *order) int {
		if o.before(other) {
			return 1
		}
		return -1
	})
	c.queue = slices.Insert(c.queue, at, o)
}

// takeOut takes the orders out of the queue that are meant.
func (c *commands) takeOut(meant func(*order) bool) []*order {
	var gone []*order
	c.queue = slices.DeleteFunc(c.queue, func(o *order) bool {
		out := meant(o)
		if out {
			gone = append(gone, o)
		}
		return out
	})
	return gone
}

// rest has an order that is to be sent again wait a little, each time twice as long: a device that fails
// at once is not to be told a hundred times a second.
func (o *order) rest(now time.Time, known bool) {
	if known {
		o.notBefore = now.Add(min(firstRest<<min(o.record.Attempt-1, 16), longestRest))
	}
}

// next takes the first order that may go now and makes it current; nil if one is
// current or none may. One that may be late already, by what the time is at the latest, waits for its end and holds nobody up;
// that is for good, also if the time is known better later: what has gone in its place must not be undone by it.
func (c *commands) next(now, latest time.Time, offline bool) *order {
	if c.current != nil {
		return nil
	}
	for i, o := range c.queue {
		switch {
		case now.Before(o.notBefore) && !o.touched: // its turn has not come
		case o.late || !latest.Before(o.expires):
			o.late = true
		case now.Before(o.notBefore):
			return nil // it keeps its place until it is sent again: what comes later must not be undone by it
		case offline && o.sitsOut():
			return nil // as above
		default:
			c.queue = slices.Delete(c.queue, i, i+1)
			c.current = o
			return o
		}
	}
	return nil
}

// again puts the current order back in the queue: it was certainly not sent, or may be
// sent again.
func (c *commands) again() {
	o := c.current
	c.current = nil
	o.permit, o.intent, o.ended = nil, nil, nil
	c.enqueue(o)
}

// expired takes the orders out whose time is over and that are certain not to be sent any more.
func (c *commands) expired(now time.Time) []*order {
	gone := c.takeOut(func(o *order) bool { return !now.Before(o.expires) })
	if o := c.current; o != nil && !now.Before(o.expires) && o.permit != nil && o.permit.revoke() {
		gone = append(gone, o)
		c.current = nil
	}
	return gone
}

// takeAway empties the queue.
func (c *commands) takeAway() []*order {
	gone := c.queue
	c.queue = nil
	return gone
}

// wake is when the hub's time alone will change something; zero if it will not.
func (c *commands) wake(now time.Time) time.Time {
	var at time.Time
	earlier := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	for _, o := range c.queue {
		earlier(o.expires)
		if now.Before(o.notBefore) {
			earlier(o.notBefore)
		}
	}
	if o := c.current; o != nil && o.permit != nil && o.permit.open() {
		earlier(o.expires)
	}
	for _, o := range c.unsettled {
		earlier(o.settleBy)
	}
	return at
}

// sitsOut reports whether an order waits until a device answers that is open and did not answer when it was polled last. Others are
// tried: it may take commands all the same.
func (o *order) sitsOut() bool { return o.record.GetCommand().GetQueueWhileAway() && !o.touched }

// waits is the reason for which an order in the queue waits.
func (o *order) waits(now time.Time, known, ready, offline bool) roostv1.QueueReason {
	switch {
	case known && now.Before(o.notBefore):
		return roostv1.QueueReason_QUEUE_REASON_NOT_BEFORE
	case !ready, offline && o.sitsOut():
		return roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY
	default:
		return roostv1.QueueReason_QUEUE_REASON_ORDER
	}
}
