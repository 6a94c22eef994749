//go:build unix && !linux

package peertest

import "syscall"

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// stands tells whether a process has stopped, which only Linux says.
func stands(int) error { return nil }
