package peertest

import (
	"errors"
	"os"
	"syscall"
)

const canPause = false

func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func killGroup(p *os.Process) error { return p.Kill() }
func pauseGroup(*os.Process) error  { return errors.ErrUnsupported }
func resumeGroup(*os.Process) error { return errors.ErrUnsupported }
func hasGroup(*os.Process) bool     { return false }

// stands tells whether a process has stopped, which only Linux says.
func stands(int) error { return nil }
