package actors

import (
	"context"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Journal keeps the records of commands where a crash of this gateway does not reach them. It is what
// the actors need of the control stream. Its methods may be called concurrently.
type Journal interface {
	// Record replaces the record of a command of a device on the bus, as the bus's owner under the epoch.
	// It does not wait, and goes on trying until it is certain what became of the record; then it
	// calls done once, from any goroutine:
	//
	//	nil                  the record is durable
	//	roostv1.ErrNotOwner  the bus has another owner: nothing can be recorded under this epoch any more
	//	roostv1.ErrInvalid   the record can never be stored, and was not
	//	any other            it was given up since the gateway stops; it may be durable
	//
	// Records of one bus are made durable in the order in which they are given. done must not
	// block. The record must not be changed afterwards.
	Record(bus string, epoch uint64, record *roostv1.CommandRecord, done func(error))
}

// Clock tells the hub's time, by which commands expire. It must not depend on this machine's wall
// clock.
type Clock interface {
	// Now returns the hub's time, and how far off it may be; false while it is not known.
	Now() (now time.Time, bound time.Duration, ok bool)
}

// BootClock tells how long this machine has been up. Nobody sets it: it runs on through every step of the wall
// clock, and while the machine is suspended. Its methods may be called concurrently.
type BootClock interface {
	// Now returns the time since the machine booted.
	Now() time.Duration
	// ID tells this boot from every other; empty: nothing does.
	ID() string
}

// Submitter has commands accepted: it writes them down at the hub, from where their device's owner,
// which may be this gateway, is handed them.
type Submitter interface {
	// Submit has a command accepted that has an id, and calls answer once, on any goroutine, with its
	// final record, or with the present one when the wait is over (0: 5 s), or with the reason why it was
	// not accepted. ErrOutcomeUnknown says that it may have been. It does not wait itself; answer
	// must not block. The command must not be changed afterwards.
	Submit(ctx context.Context, c *roostv1.Command, wait time.Duration, answer func(*roostv1.CommandRecord, error))
}
