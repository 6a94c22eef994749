package actors

import (
	"sync/atomic"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Totals count what happened to all devices of a gateway since its process began. Unlike the counters
// of a device they never go back: not when the device moves to another gateway either.
type Totals struct {
	Restarts        uint64 // of devices, after failures
	ReadingsStored  uint64 // handed to the Store and acknowledged
	ReadingsDropped uint64 // by policy; all of them are declared
	MissedPolls     uint64 // left out since a device was slow; declared too
	CallsAbandoned  uint64 // of drivers that ignored their context
	CallsRunning    uint64 // abandoned and not returned to this moment
	MailboxRefusals uint64 // messages that found a mailbox full
	Parked          uint64 // commands set aside since they broke their driver repeatedly

	// Commands that ended here, by their final state.
	Commands map[roostv1.CommandState]uint64
	// Drivers is what the drivers themselves count, by their names; those that are no Counter are not in it.
	Drivers map[string]map[string]uint64
	// StoreFailing is whether the last attempt to store readings failed.
	StoreFailing bool
}

// totals is where they are counted, by any goroutine.
type totals struct {
	restarts, stored, dropped, missed, abandoned, refused, parked atomic.Uint64

	commands [maxCommandState + 1]atomic.Uint64
}

// maxCommandState is the last of the states of a command.
const maxCommandState = roostv1.CommandState_COMMAND_STATE_SUPERSEDED

// ended counts the end of a command.
func (t *totals) ended(state roostv1.CommandState) {
	if state >= 0 && int(state) < len(t.commands) {
		t.commands[state].Add(1)
	}
}

// Totals returns what was counted. It may be called at any time.
func (g *Gateway) Totals() Totals {
	t := &g.env.totals
	all := Totals{
		Restarts: t.restarts.Load(), ReadingsStored: t.stored.Load(), ReadingsDropped: t.dropped.Load(), MissedPolls: t.missed.Load(),
		CallsAbandoned: t.abandoned.Load(), CallsRunning: uint64(max(g.env.calls.abandoned.Load(), 0)),
		MailboxRefusals: t.refused.Load(), Parked: t.parked.Load(),
		Commands: make(map[roostv1.CommandState]uint64), StoreFailing: g.env.storeFailing.Load(),
		Drivers: make(map[string]map[string]uint64),
	}
	for name, d := range g.env.drivers {
		if c, ok := d.(Counter); ok {
			all.Drivers[name] = g.counted(name, c)
		}
	}
	for state := range t.commands {
		if s := roostv1.CommandState(state); s.Final() {
			all.Commands[s] = t.commands[state].Load()
		}
	}
	return all
}

// counted returns what a driver counts; nothing if it panics, which is nobody else's failure.
func (g *Gateway) counted(name string, c Counter) (counts map[string]uint64) {
	defer func() {
		if r := recover(); r != nil {
			g.env.logger.Error("driver panicked when it was asked for its counts", "driver", name, "panic", r)
		}
	}()
	return c.Counted()
}
