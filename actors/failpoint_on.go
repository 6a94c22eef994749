//go:build failpoints

package actors

import (
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
)

// The points of a command's way at which a process that is built with the tag "failpoints" may kill
// itself:
//
//	before-intent  it may be sent now, and nothing is recorded
//	after-intent   DISPATCHED is durable, and no byte was sent
//	after-write    the driver has returned, and nobody knows yet
//	before-result  its end is known here, and not recorded
//	after-result   its end is durable, and nobody was told
var (
	failAt    = os.Getenv("ROOST_FAILPOINT")
	failEvery = every(os.Getenv("ROOST_FAILPOINT_EVERY"))
	failPause = os.Getenv("ROOST_FAILPOINT_PAUSE") != "" // it stops there, to be continued by others
	passed    atomic.Uint64                              // passings of failAt
)

// every is at which passing of the point the process ends: at the first, where nothing is said.
func every(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 1
	}
	return n
}

// failpoint kills the process at each n-th passing of the point that the environment names, with no
// chance to clean up: it is what a power cut is. Or it stops the process, as a machine does that sleeps.
func failpoint(point string) {
	if point != failAt || passed.Add(1)%failEvery != 0 {
		return
	}
	if failPause {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
		return
	}
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // until it takes effect
}
