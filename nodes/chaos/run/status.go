package run

import (
	"fmt"
	"sync"

	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// face lets one goroutine at a time tell something.
type face struct {
	mu sync.Mutex
	to Face
}

func (f *face) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.to.Say(fmt.Sprintf(format, args...))
}

func (f *face) status(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.to.Status(line)
}

// phaseText says what a phase is.
func phaseText(p history.PhaseName, s plan.Settings) string {
	switch p {
	case history.PhaseSetup:
		return fmt.Sprintf("SETUP     all processes are started; the lease is %v", s.Lease)
	case history.PhaseQuiet:
		return fmt.Sprintf("QUIET     nothing is broken for %v; %d clients send %v commands a second", s.Quiet, s.Clients, s.Rate)
	case history.PhaseFaults:
		return fmt.Sprintf("FAULTS    for %v", s.Duration)
	case history.PhaseHeal:
		return "HEAL      all faults are undone"
	case history.PhaseLiveness:
		return fmt.Sprintf("LIVENESS  the fleet has %v to be as before", s.Liveness)
	case history.PhaseDrain:
		return "DRAIN     waiting for the last commands"
	case history.PhaseCollect:
		return "COLLECT   reading what was stored"
	}
	return "END"
}
