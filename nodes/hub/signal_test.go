//go:build unix

package hub_test

import (
	"os"
	"syscall"
	"testing"
)

// Signals belong to the program that opened the hub: here one that does not handle
// them, and so dies of an interrupt.
func TestSignalsAreLeftAlone(t *testing.T) {
	c := startChild(t, t.TempDir())
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = c.cmd.Wait()
	status := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("the program ended with %v, want it killed by the interrupt", c.cmd.ProcessState)
	}
}
