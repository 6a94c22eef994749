package failpoint

import (
	"os"
	"runtime"
	"syscall"
)

// stopSelf stops the process, and returns when it goes on. The signal is for the very thread that passes the point, which
// has it before it does anything else; and no timer has had its turn when it goes on.
func stopSelf() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, _, _ = syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGSTOP)) // of oneself: it is not refused
}
