//go:build !mutants

package spool

// mutant is whether the program is to be broken in the way of that name; in a program it never is. See mutant_on.go.
func mutant(string) bool { return false }
