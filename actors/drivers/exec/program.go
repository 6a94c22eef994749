package exec

import (
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

const (
	// termWait is how long a program may take to end after SIGTERM.
	termWait = time.Second
	// killWait is how long the kernel may take to end what was killed: a process that waits for a disk ends later.
	killWait = time.Second
	// lastWords is how long what a program has said may take to come through after its end, if something else holds
	// its output open.
	lastWords = 250 * time.Millisecond
)

// program is a process that runs, in a group of its own.
type program struct {
	cmd   *osexec.Cmd
	in    *os.File      // the program's input
	out   *os.File      // its output
	errs  *os.File      // its complaints
	ended chan struct{} // closed when the process has ended and its group was killed

	mu     sync.Mutex // guards reaped
	reaped bool       // its number may be another process's
}

// startProgram starts a program. Whoever does so ends it.
func startProgram(path, name string, args, env []string) (*program, error) {
	p := &program{ended: make(chan struct{})}
	p.cmd = &osexec.Cmd{
		Path: path, Args: append([]string{name}, args...), Dir: filepath.Dir(path), Env: env, SysProcAttr: ownGroup(),
	}
	child, err := p.pipes()
	if err == nil {
		err = p.launch()
	}
	closeAll(child)
	if err != nil {
		p.closePipes()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return p, nil
}

// pipes makes the pipes, and returns their ends that are the program's.
func (p *program) pipes() (child []*os.File, err error) {
	pipe := func(own, other **os.File, childReads bool) {
		if err != nil {
			return
		}
		var r, w *os.File
		if r, w, err = os.Pipe(); err != nil {
			return
		}
		if *own, *other = r, w; childReads {
			*own, *other = w, r
		}
		child = append(child, *other)
	}
	var in, out, errs *os.File
	pipe(&p.in, &in, true)
	pipe(&p.out, &out, false)
	pipe(&p.errs, &errs, false)
	if err == nil {
		p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, errs
	}
	return child, err
}

func (p *program) closePipes() { closeAll([]*os.File{p.in, p.out, p.errs}) }

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close() // nothing is lost by it
		}
	}
}

// launch starts the process and the goroutine that waits for its end.
func (p *program) launch() error {
	started := make(chan error)
	go func() { // ends with the process
		// Linux takes the end of the thread that started a child for that of its parent.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.await()
		}
	}()
	return <-started
}

// await waits for the end of the process, and ends what is left of its group.
func (p *program) await() {
	defer close(p.ended)
	defer func() { // of what it has said the rest may still come
		deadline := time.Now().Add(lastWords)
		_, _ = p.out.SetReadDeadline(deadline), p.errs.SetReadDeadline(deadline)
	}()
	awaitEnd(p.cmd)
	p.mu.Lock()
	defer p.mu.Unlock()
	killGroup(p.cmd.Process)
	_ = p.cmd.Wait() // where awaitEnd did not; the state says how it ended
	p.reaped = true
}

// term asks the processes of the group to end.
func (p *program) term() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		termGroup(p.cmd.Process)
	}
}

// kill ends the processes of the group.
func (p *program) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		killGroup(p.cmd.Process)
	}
}

// hasEnded waits for the end of the process for a while, or until given up; false: it runs.
func (p *program) hasEnded(d time.Duration, given <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.ended:
		return true
	case <-given:
	case <-timer.C:
	}
	return false
}

// stop has the program end: by the end of its input, by SIGTERM, and by SIGKILL, at once when given is closed.
func (p *program) stop(patience time.Duration, given <-chan struct{}) error {
	for _, ask := range []struct {
		toEnd    func()
		patience time.Duration
	}{{func() { _ = p.in.Close() }, patience}, {p.term, termWait}} {
		if isClosed(given) { // the end of the input is a word, too
			break
		}
		ask.toEnd()
		if p.hasEnded(ask.patience, given) {
			return nil
		}
	}
	p.kill()
	if !p.hasEnded(killWait, nil) {
		return fmt.Errorf("process %d was killed and has not ended yet: it may wait for a disk or a device", p.cmd.Process.Pid)
	}
	return nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// outcome says how the process ended; only for one that has.
func (p *program) outcome() error {
	if state := p.cmd.ProcessState; state != nil {
		return fmt.Errorf("the program ended: %s", state)
	}
	return errors.New("the program ended")
}
