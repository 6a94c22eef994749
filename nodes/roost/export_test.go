package main

import "github.com/spf13/cobra"

// Main is the program.
var Main = main

// NewRoot is the command line of a program without inputs and environment.
func NewRoot() *cobra.Command {
	return newRoot(program{Getenv: func(string) string { return "" }})
}

// RestartDelay is how long a process that ended stays down.
var RestartDelay = restartDelay

// Worse returns the worse of two exit codes of outcomes.
var Worse = worse
