package exec

import (
	"errors"
	"os"
	osexec "os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup has Ctrl-C at the gateway's terminal not reach the program, and the program not outlive the gateway.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitEnd waits for the end of a child and leaves its number taken, so that the number of its group is too.
func awaitEnd(cmd *osexec.Cmd) {
	for errors.Is(unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
}

func termGroup(p *os.Process) { _ = unix.Kill(-p.Pid, unix.SIGTERM) } // it may have ended
func killGroup(p *os.Process) { _ = unix.Kill(-p.Pid, unix.SIGKILL) }
