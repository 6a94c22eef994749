//go:build unix

package clustertest

import "syscall"

// Pause stops a server where it is, as a machine that hangs would: its connections stay, and
// nothing answers.
func (t *Trio) Pause(i int) {
	t.tb.Helper()
	t.signal(i, syscall.SIGSTOP)
	t.paused[i] = true
}

// Continue lets a server that was paused go on, as if nothing had been.
func (t *Trio) Continue(i int) {
	if t.paused[i] {
		t.signal(i, syscall.SIGCONT)
		t.paused[i] = false
	}
}

func (t *Trio) signal(i int, s syscall.Signal) {
	t.tb.Helper()
	if t.servers[i].cmd == nil {
		t.tb.Fatalf("server %d does not run", i)
	}
	if err := t.servers[i].cmd.Process.Signal(s); err != nil {
		t.tb.Fatalf("send %v to server %d: %v", s, i, err)
	}
}
