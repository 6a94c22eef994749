package cluster

import (
	"fmt"
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// twinQuiet is how long nothing more is told of twins: what starts one may start it again and again.
	twinQuiet = time.Minute
	// twinRoom is how many of them are known at a time; of more, those that were silent for longest are forgotten.
	twinRoom = 16
)

// twins are other processes that want this gateway's name while this one has it, as copies of a machine do. They
// are refused, and say so where they run. The fleet hears of them from the one that has the name.
type twins struct {
	known []twin           // the one that was seen last comes last
	told  boottime.Instant // when people were told; 0: never
}

type twin struct {
	incarnation string
	renewal     uint64 // of its last probe
}

// seen takes notice of a probe that another process wrote, and reports whether it is to be told. One probe may be of a
// process that has ended; one after another is not, whoever else writes between them.
func (t *twins) seen(m *roostv1.Member, now boottime.Instant) bool {
	lives := false
	t.known = slices.DeleteFunc(t.known, func(one twin) bool {
		same := one.incarnation == m.Incarnation
		lives = lives || same && m.Renewal > one.renewal
		return same
	})
	if len(t.known) == twinRoom {
		t.known = slices.Delete(t.known, 0, 1)
	}
	t.known = append(t.known, twin{m.Incarnation, m.Renewal})
	if !lives || t.told > 0 && now.Sub(t.told) < twinQuiet {
		return false
	}
	t.told = now
	return true
}

// seenTwin takes notice of a probe on the own name that is not the own one. While this gateway leaves, that is of its successor.
func (k *keeper) seenTwin(m *roostv1.Member) {
	s := k.standing()
	if s.phase != phaseHolding && s.phase != phaseSuspended || s.draining || !k.twins.seen(m, k.clock.Now()) {
		return
	}
	where := "incarnation " + m.Incarnation
	if m.Host != "" {
		where = fmt.Sprintf("process %d on host %s", m.Pid, m.Host)
	}
	k.tell(fmt.Sprintf("has its name, and another process wants it too, which is refused: stop %s, or give it another --id; this one is process %d",
		where, k.base.Pid))
}
