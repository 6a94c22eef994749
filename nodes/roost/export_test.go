package main

import (
	"errors"
	"strings"

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

// Campaign returns what several runs are told of a fence that was tried so often, and their exit code.
func Campaign(pauses, refused int) (text string, code int) {
	c := chaosCampaign{runs: 2, pauses: pauses, refused: refused}
	var out strings.Builder
	c.tell(&out)
	return out.String(), exitCode(c.outcome())
}

// FitStatus makes a line about how a run of chaos stands as wide as there is room for.
var FitStatus = fitStatus
