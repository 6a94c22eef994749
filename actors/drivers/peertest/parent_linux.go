package peertest

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// stands tells whether the kernel has stopped a process; the error says what it is instead.
func stands(pid int) error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return err
	}
	_, state, _ := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" "))
	if len(state) == 0 || state[0] != 'T' {
		return fmt.Errorf("process %d is in state %.1s", pid, state)
	}
	return nil
}
