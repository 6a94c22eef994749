//go:build unix

package failpoint

import "syscall"

const canSignal = true

// killSelf ends the process with no chance to clean up: it is what a power cut is to it.
func killSelf() {
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // until it takes effect
}
