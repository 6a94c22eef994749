//go:build !failpoints

package actors

// failpoint is where a test may kill the process; in a program it is nothing. See failpoint_on.go.
func failpoint(string) {}
