package fleet

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/netns"
)

// EnvRun is the variable in the environment of each child that has the name of its run.
const EnvRun = "ROOST_CHAOS_RUN"

// pipeWait is how long after its end a child's last words may take to come through.
const pipeWait = time.Second

// process is one run of a node.
type process struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	ready chan struct{} // closed when it has said so
	ended chan struct{} // closed when it has ended, and was waited for

	mu     sync.Mutex
	killed bool // by the harness
}

// command says what to start.
type command struct {
	program []string // with the arguments that come first
	env     []string
	args    []string
	logs    string // what its logs begin with
	// namespace of network to start it in; empty: this one.
	namespace string
}

// begin starts a process.
func begin(c command) (*process, error) {
	out, err := os.Create(c.logs + ".out")
	if err != nil {
		return nil, err
	}
	errs, err := os.Create(c.logs + ".err")
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	p := &process{
		cmd:   exec.Command(c.program[0], append(c.program[1:len(c.program):len(c.program)], c.args...)...),
		ready: make(chan struct{}), ended: make(chan struct{}),
	}
	p.cmd.Env, p.cmd.WaitDelay, p.cmd.SysProcAttr = c.env, pipeWait, ownGroup()
	p.cmd.Stdout, p.cmd.Stderr = io.MultiWriter(out, &readyWatch{ready: p.ready}), errs
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		return nil, errors.Join(err, out.Close(), errs.Close())
	}
	started := make(chan error)
	go func() { // ends with the child
		// Linux takes the end of the thread that started a child for that of its parent.
		runtime.LockOSThread()
		err := c.enter()
		if err == nil {
			err = p.cmd.Start()
		}
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // its state says how it ended
		}
		_, _ = out.Close(), errs.Close() // logs: what was written is there
		close(p.ended)
		if c.namespace == "" { // a thread in another network ends with its goroutine
			runtime.UnlockOSThread()
		}
	}()
	return p, <-started
}

// enter has this thread be where the process is to be.
func (c command) enter() error {
	if c.namespace == "" {
		return nil
	}
	return netns.Enter(c.namespace)
}

// pid is the process's id.
func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// kill ends it at once, and waits until it has ended.
func (p *process) kill() {
	p.doom(true)
	_ = p.cmd.Process.Kill() // one that has ended hears nothing
	<-p.ended
}

func (p *process) doom(killed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = killed
}

func (p *process) wasKilled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// outcome says how it ended.
func (p *process) outcome() string {
	if p.cmd.ProcessState == nil {
		return "it did not start"
	}
	return p.cmd.ProcessState.String()
}

// readyWatch waits in what a program says for a line that begins with ready.
type readyWatch struct {
	line  []byte
	ready chan struct{}
	said  bool
}

func (r *readyWatch) Write(data []byte) (int, error) {
	n := len(data)
	for !r.said {
		head, rest, ok := bytes.Cut(data, []byte("\n"))
		r.line = append(r.line, head...)
		if !ok {
			break
		}
		if strings.HasPrefix(string(r.line), "ready ") {
			r.said = true
			close(r.ready)
		}
		r.line, data = r.line[:0], rest
	}
	return n, nil
}
