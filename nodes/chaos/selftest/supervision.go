package selftest

import (
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// supervision are mutants of what is promised of devices that fail.
func supervision() []Mutant {
	seeds := []uint64{1, 2, 3, 4, 5}
	return []Mutant{
		{
			Name: "supervisor-gives-up", Breaks: "a device that has failed is left alone for far too long",
			Scenario: "baseline", Seeds: seeds, Duration: 14 * time.Second, Adjust: few, Entries: panics, By: []string{"C11"},
		},
		{
			Name: "restart-without-backoff", Breaks: "a device that fails is started again at once, and without end",
			Scenario: "baseline", Seeds: seeds, Duration: 14 * time.Second, Adjust: few, Entries: panics, By: []string{"C11"},
		},
	}
}

// panics has one device panic for as long as there is time, so that its restarts can be counted.
func panics(seed uint64, s plan.Settings) []plan.Entry {
	return []plan.Entry{{
		Fault: plan.Panic, Target: s.Device(1 + int(seed)%s.Devices), At: plan.Duration(500 * time.Millisecond),
		Hold: s.Duration - plan.Duration(2*time.Second),
	}}
}
