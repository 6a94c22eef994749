//go:build unix && !linux

package exec

import (
	"os"
	osexec "os/exec"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// awaitEnd waits for the end of a child. Its number may be another process's right after, and that of its group likewise.
func awaitEnd(cmd *osexec.Cmd) { _ = cmd.Wait() } // the state says how it ended

func termGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) } // it may have ended
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
