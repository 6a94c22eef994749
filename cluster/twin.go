package cluster

import (
	"fmt"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// twinQuiet is how long nothing more is told of twins: what starts one may start it again and again.
const twinQuiet = time.Minute

// twin is another process that wants this gateway's name while this one has it, as the copy of a machine does. It
// is refused, and says so where it runs. The fleet hears of it from the one that has the name.
type twin struct {
	incarnation string
	renewal     uint64           // of its last probe
	told        boottime.Instant // when people were told; 0: never
}

// seen takes notice of a probe that another process wrote, and reports whether it is to be told. One probe may be of a
// process that has ended; one after another is not.
func (t *twin) seen(m *roostv1.Member, now boottime.Instant) bool {
	lives := m.Incarnation == t.incarnation && m.Renewal > t.renewal
	t.incarnation, t.renewal = m.Incarnation, m.Renewal
	if !lives || t.told > 0 && now.Sub(t.told) < twinQuiet {
		return false
	}
	t.told = now
	return true
}

// seenTwin takes notice of a probe on the own name that is not the own one.
func (k *keeper) seenTwin(m *roostv1.Member) {
	if s := k.standing(); s.phase != phaseHolding && s.phase != phaseSuspended || !k.twin.seen(m, k.clock.Now()) {
		return
	}
	where := "incarnation " + m.Incarnation
	if m.Host != "" {
		where = fmt.Sprintf("process %d on host %s", m.Pid, m.Host)
	}
	k.tell("has its name, and another process wants it too, which is refused: stop " + where + ", or give it another --id")
}
