//go:build unix

package peertest

import (
	"os"
	"syscall"
)

const canPause = true

// The peer leads a process group of its own, so that its children go where it goes.

func killGroup(p *os.Process) error   { return syscall.Kill(-p.Pid, syscall.SIGKILL) }
func pauseGroup(p *os.Process) error  { return syscall.Kill(-p.Pid, syscall.SIGSTOP) }
func resumeGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGCONT) }

// hasGroup tells whether somebody is left of the group. As long as there is, its number is nobody else's.
func hasGroup(p *os.Process) bool { return syscall.Kill(-p.Pid, 0) == nil }
