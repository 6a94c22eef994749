//go:build mutants

package cluster

import (
	"fmt"
	"os"
	"sync"
)

// mutantName is the way in which a program that is built with the tag "mutants" breaks a promise, so that it can
// be seen whether the checkers of chaos notice. nodes/chaos/selftest has their names.
var (
	mutantName = os.Getenv("ROOST_MUTANT")
	acted      sync.Once
)

// Break breaks this very process in the way of that name, and mends it with an empty one: a harness whose clients are part
// of a mutant. Nothing of this package may run meanwhile.
func Break(name string) { mutantName = name }

// mutant is whether the program is broken in that way. The first time that it is, the process says so: one
// that never came to be broken proves nothing. So whoever asks does so last, when the answer changes what happens.
func mutant(name string) bool {
	if name != mutantName {
		return false
	}
	acted.Do(func() { fmt.Fprintf(os.Stderr, "mutant %s acted\n", name) })
	return true
}
