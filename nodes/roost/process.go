package main

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// process is this program once more, with other arguments, as a child. It is in a process group of its own,
// so that a Ctrl-C reaches only its parent, and does not outlive that: the end of its input tells it to
// end in order, and on Linux the kernel kills it when its parent is killed.
type process struct {
	cmd   *exec.Cmd
	input io.Closer
	ended chan struct{} // closed when it has ended
	err   error         // how it ended; set before ended is closed
}

// pipeWait is how long after its end a child's last words may take to come through.
const pipeWait = time.Second

// startProcess starts the program with these arguments, which are to make it follow its input.
func startProcess(out, errors io.Writer, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(self, args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = out, errors, pipeWait
	p.cmd.SysProcAttr = ownGroup()
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() { // ends with the child
		// Linux takes the end of the thread that started a child for that of its parent.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.ended)
		}
	}()
	return p, <-started
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// outcome says how it ended.
func (p *process) outcome() string { return p.cmd.ProcessState.String() }

// stop has the process end in order. If it takes longer, it is killed, and stop returns false.
func (p *process) stop(patience time.Duration) bool {
	_ = p.input.Close()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.ended:
		return true
	case <-timer.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
		return false
	}
}
