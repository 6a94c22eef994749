// Package selftest shows that the checkers of chaos can fail: it breaks the program on purpose, one promise at a
// time, and demands that a run under faults notices.
//
//	Mutants --> runs of the broken program, and of the sound one under the same faults --> matrix
//
// A program that is built with the tag "mutants" asks in some places whether it is to be broken there; the name of the
// mutant is in the environment of the processes of a run. [Mutants] is the table of all of them.
package selftest
