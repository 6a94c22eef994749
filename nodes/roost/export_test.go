package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// Main is the program.
var Main = main

// NewRoot is the command line of a program without inputs and environment.
func NewRoot() *cobra.Command {
	return newRoot(program{Getenv: func(string) string { return "" }})
}

// WithMutants is whether the program can be broken on purpose.
const WithMutants = withMutants

// RestartDelay is how long a process that ended stays down.
var RestartDelay = restartDelay

// Worse returns the worse of two exit codes of outcomes.
var Worse = worse

// WorstRun returns the exit code of several runs that ended with these.
func WorstRun(codes ...int) int {
	worst := error(nil)
	for _, code := range codes {
		var err error
		if code != 0 {
			err = errors.Join(&exit{code: code})
		}
		worst = worseRun(worst, err)
	}
	return exitCode(worst)
}
