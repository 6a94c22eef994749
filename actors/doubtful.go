package actors

import (
	"slices"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// doubt sets an UNKNOWN order aside, to be settled.
func (c *commands) doubt(o *order) { c.unsettled = append(c.unsettled, o) }

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

// inDoubt takes an UNKNOWN order out of where it is to be settled, or to be sent again, and reports whether it
// was there.
func (c *commands) inDoubt(o *order) bool {
	return c.settled(o) || len(c.takeOut(func(other *order) bool {
		return other == o && o.record.State == roostv1.CommandState_COMMAND_STATE_UNKNOWN
	})) > 0
}

// doubtful are the orders that may have been sent, are not with the device, and have not ended.
func (c *commands) doubtful() []*order {
	doubtful := slices.Clone(c.unsettled)
	for _, o := range c.queue {
		if o.touched {
			doubtful = append(doubtful, o)
		}
	}
	return doubtful
}
