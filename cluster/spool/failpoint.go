//go:build !failpoints

package spool

// failpoint is where a harness may stop, kill or fail what passes; in a program it is nothing. See failpoint_on.go.
func failpoint(point, device string) {}
