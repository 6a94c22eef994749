package selftest

import (
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Mutant is a way to break the program on purpose, and where the checkers must notice.
type Mutant struct {
	// Name is what the program knows it by, in ROOST_MUTANT and where it asks mutant(name).
	Name string
	// Breaks says in one line what is wrong then.
	Breaks string
	// Scenario is what brings it to light, under Seeds one after the other until it is caught, with faults for
	// Duration each.
	Scenario string
	Seeds    []uint64      // at most MostSeeds
	Duration time.Duration // at most MostDuration
	// Adjust changes the settings after the scenario has; nil: they stay.
	Adjust func(*plan.Settings)
	// Entries are the faults of a plan of its own, for which Scenario is only the name of where its settings come from;
	// nil: the scenario draws them. IDs may be left out.
	Entries func(seed uint64, s plan.Settings) []plan.Entry
	// Env is what the processes need besides, as NAME=value; the clean build gets it too.
	Env []string
	// By are the checkers or clauses of which one must find a violation: "C6" is any clause of C6, "C6b" that one.
	By []string
	// Quick is whether the short self-test has it.
	Quick bool
}

// What a self-test may cost: for each mutant so many runs, with so long of faults each.
const (
	MostSeeds    = 5
	MostDuration = 20 * time.Second
)

// Mutants are all that the program can be broken by, in the order in which they are tried.
func Mutants() []Mutant {
	var all []Mutant
	for _, some := range [][]Mutant{
		ownership(),
	} {
		all = append(all, some...)
	}
	return all
}
