package selftest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Env is the variable by which a process is told which mutant it is.
const Env = "ROOST_MUTANT"

// What a self-test may cost: for each mutant so many runs, with so long of faults each.
const (
	MostSeeds    = 5
	MostDuration = 20 * time.Second
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
	// Client is whether the clients of the harness are broken as well.
	Client bool
	// Quick is whether the short self-test has it.
	Quick bool
}

// Mutants are all that the program can be broken by, in the order in which they are tried.
func Mutants() []Mutant {
	var all []Mutant
	for _, some := range [][]Mutant{
		ownership(),
		commands(),
		readings(),
		supervision(),
	} {
		all = append(all, some...)
	}
	return all
}

// Known refuses the name of a mutant that there is not: a program that took it would not be broken at all.
// Empty is the clean build.
func Known(name string) error {
	if name == "" {
		return nil
	}
	_, err := Pick(Mutants(), []string{name})
	return err
}

// Pick returns the mutants with these names, in the order of the table.
func Pick(all []Mutant, names []string) ([]Mutant, error) {
	var known []string
	for _, m := range all {
		known = append(known, m.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no mutant %q: there are %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool { return !slices.Contains(names, m.Name) }), nil
}

// Quick returns those of the short self-test.
func Quick(all []Mutant) []Mutant {
	return slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool { return !m.Quick })
}

// Plan draws what is done to the program under a seed. A duration other than 0 takes the place of the mutant's own.
func (m Mutant) Plan(seed uint64, duration time.Duration) (*plan.Plan, error) {
	scenario, err := plan.Find(m.Scenario)
	if err != nil {
		return nil, fmt.Errorf("mutant %s: %w", m.Name, err)
	}
	settings := scenario.Adjust(plan.Defaults())
	settings.Quiet, settings.Duration, settings.Liveness = plan.Duration(quiet), plan.Duration(m.Duration), plan.Duration(liveness)
	if m.Adjust != nil {
		m.Adjust(&settings)
	}
	if duration > 0 {
		settings.Duration = plan.Duration(duration)
	}
	drawn, err := scenario.Plan(seed, settings)
	if err != nil {
		return nil, fmt.Errorf("mutant %s: %w", m.Name, err)
	}
	if m.Entries == nil {
		return drawn, nil
	}
	drawn.Entries = m.Entries(seed, settings)
	for i := range drawn.Entries {
		if drawn.Entries[i].ID == "" {
			drawn.Entries[i].ID = fmt.Sprintf("f%d", i+1)
		}
	}
	if drawn, err = plan.Parse(drawn.JSON()); err != nil {
		return nil, fmt.Errorf("mutant %s has no plan: %w", m.Name, err)
	}
	return drawn, nil
}

// caughtBy returns which of the clauses that were violated is one that catches the mutant; "": none is.
func (m Mutant) caughtBy(clauses []string) string {
	for _, by := range m.By {
		for _, clause := range clauses {
			if clause == by || checkerOf(clause) == by {
				return clause
			}
		}
	}
	return ""
}

// checkerOf returns the checker of a clause: C6 of C6b, C4 of C4'.
func checkerOf(clause string) string {
	return strings.TrimRight(clause, "'abcdefghijklmnopqrstuvwxyz")
}

// Phases of a run of the self-test that are shorter than those of others: what is to be shown is shown while
// things are broken, and soon after.
const (
	quiet    = 3 * time.Second
	liveness = 6 * time.Second
)
