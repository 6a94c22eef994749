//go:build unix && !linux

package failpoint

import (
	"os"
	"syscall"
	"time"
)

// stopTime is how long a signal to stop may take to reach all threads.
const stopTime = 50 * time.Millisecond

// stopSelf stops the process, and returns when it goes on. Whoever called does nothing before it stands still.
func stopSelf() {
	if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
		return
	}
	timer := time.NewTimer(stopTime) // it runs on while the process stands still
	defer timer.Stop()
	<-timer.C
}
