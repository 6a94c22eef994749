package cluster

import (
	"time"

	"github.com/google/uuid"

	"github.com/roost-iot/roost/cluster/boottime"
)

// BootClock tells how long this machine has been up, which no step of a wall clock changes and no suspension
// stops. Its methods may be called concurrently.
type BootClock struct {
	clock boottime.Clock
	boot  string
}

// newBootClock names the boot; where the system does not, the name is good for this process.
func newBootClock(clock boottime.Clock, boot string) BootClock {
	if boot == "" {
		boot = "process-" + uuid.NewString()
	}
	return BootClock{clock: clock, boot: boot}
}

// Now returns the time since the machine booted.
func (b BootClock) Now() time.Duration { return time.Duration(b.clock.Now()) }

// ID tells this boot from every other.
func (b BootClock) ID() string { return b.boot }
