//go:build !linux

package fleet

// ProcessState is the letter that the kernel has for what a process does: T is stopped. 0: not known.
func ProcessState(int) byte { return 0 }

// Halted reports whether no thread of a process can do anything of its own any more. Here nobody knows.
func Halted(int) bool { return false }
