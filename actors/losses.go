package actors

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// losses counts samples that were refused on their way to the outbox, and lets the
// supervisor know with at most one message under way: a flood of refusals is not to
// become a flood of messages.
type losses struct {
	env        *env
	supervisor *actor.PID
	untold     atomic.Uint64
}

func (l *losses) add(n int) {
	if l.untold.Add(uint64(n)) == uint64(n) {
		l.env.send(l.supervisor, &lost{samples: l})
	}
}

// collect takes what was not told yet.
func (l *losses) collect() uint64 {
	if l == nil {
		return 0
	}
	return l.untold.Swap(0)
}
