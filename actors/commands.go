package actors

import (
	"slices"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// rememberedCommands is how many final records of a device are kept to answer for
	// a repeated id.
	rememberedCommands = 256
	// settleWindow is how long an UNKNOWN command waits for late evidence before it
	// ends INDETERMINATE.
	settleWindow = 10 * time.Second
	// maxCrashes is how many attempts of a command may break the driver before the
	// command is parked.
	maxCrashes = 3
)

// commands is the command queue of one device. It is pure: it is told the time, and
// what it decides its supervisor does.
//
// Commands go one at a time, in the order in which they came; HIGH ones before
// NORMAL ones. Every accepted command gets exactly one final record.
type commands struct {
	queue      []*order
	current    *order // given to the device
	unsettled  []*order
	remembered map[string]*order // by id: all of the above and the last final ones
	finished   []string          // ids of final ones, oldest first
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

// remember makes an order known by its id.
func (c *commands) remember(o *order) {
	if c.remembered == nil {
		c.remembered = make(map[string]*order)
	}
	c.remembered[o.record.CommandId] = o
	if o.record.State.Final() {
		c.forgetOldest(o)
	}
}

func (c *commands) forgetOldest(newest *order) {
	c.finished = append(c.finished, newest.record.CommandId)
	if len(c.finished) > rememberedCommands {
		delete(c.remembered, c.finished[0])
		c.finished = slices.Delete(c.finished, 0, 1)
	}
}

// add queues an order by its priority. It returns the queued ones that it
// supersedes, which are out of the queue.
func (c *commands) add(o *order) (superseded []*order) {
	if o.record.Command.Supersede {
		c.queue = slices.DeleteFunc(c.queue, func(other *order) bool {
			same := other.record.Command.Name == o.record.Command.Name
			if same {
				superseded = append(superseded, other)
			}
			return same
		})
	}
	at := len(c.queue)
	if high(o) {
		for at > 0 && !high(c.queue[at-1]) {
			at--
		}
	}
	c.queue = slices.Insert(c.queue, at, o)
	c.remember(o)
	return superseded
}

func high(o *order) bool { return o.record.Command.Priority == roostv1.Priority_PRIORITY_HIGH }

// next takes the first order that may go now and makes it current; nil if one is
// current or none may.
func (c *commands) next(now time.Time) *order {
	if c.current != nil {
		return nil
	}
	for i, o := range c.queue {
		if !now.Before(o.notBefore) && now.Before(o.expires) {
			c.queue = slices.Delete(c.queue, i, i+1)
			c.current = o
			return o
		}
	}
	return nil
}

// again puts the current order back in front: it was certainly not sent, or may be
// sent again.
func (c *commands) again() {
	c.queue = slices.Insert(c.queue, 0, c.current)
	c.current = nil
}

// expired takes the orders out whose time is over and that are certain not to be sent.
func (c *commands) expired(now time.Time) []*order {
	var gone []*order
	c.queue = slices.DeleteFunc(c.queue, func(o *order) bool {
		late := !now.Before(o.expires)
		if late {
			gone = append(gone, o)
		}
		return late
	})
	if o := c.current; o != nil && !now.Before(o.expires) && o.permit.revoke() {
		gone = append(gone, o)
		c.current = nil
	}
	return gone
}

// overdue takes the unsettled orders out whose window is over.
func (c *commands) overdue(now time.Time) []*order {
	var gone []*order
	c.unsettled = slices.DeleteFunc(c.unsettled, func(o *order) bool {
		over := !now.Before(o.settleBy)
		if over {
			gone = append(gone, o)
		}
		return over
	})
	return gone
}

// settled takes an order out of the unsettled ones, and reports whether it was one.
func (c *commands) settled(o *order) bool {
	i := slices.Index(c.unsettled, o)
	if i < 0 {
		return false
	}
	c.unsettled = slices.Delete(c.unsettled, i, i+1)
	return true
}

// takeAway empties the queue.
func (c *commands) takeAway() []*order {
	gone := c.queue
	c.queue = nil
	return gone
}

// wake is when time alone will change something; zero if it will not.
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
	if c.current != nil && c.current.permit.dispatched().IsZero() {
		earlier(c.current.expires)
	}
	for _, o := range c.unsettled {
		earlier(o.settleBy)
	}
	return at
}
