package peertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// Command is how a peer is started.
type Command struct {
	// Name of the program, or its path.
	Name string
	Args []string
	// Dir is where it runs; the test's own folder if it is empty.
	Dir string
	// Env is added to the test's own environment, each NAME=value.
	Env []string
	// Ready are waited for, one after the other, each time that it is started.
	Ready []Ready
	// Patience is how long that may take; 30 s if it is zero.
	Patience time.Duration
}

const (
	defaultPatience = 30 * time.Second
	// pipeWait is how long after its end a peer's last words may take to come through.
	pipeWait = time.Second
)

// Peer is a program that runs, or was killed.
type Peer struct {
	command Command
	cmd     *exec.Cmd
	output  *output
	ended   chan struct{} // closed when the process has ended
	orphans *bool         // whether it left children; set before ended is closed
}

var errEnded = errors.New("it has ended")

// Start starts a peer, and returns when it is ready. It is killed when the test ends; if the test has failed, the end of what it
// said is logged.
func Start(t testing.TB, c Command) *Peer {
	t.Helper()
	p := &Peer{command: c, output: newOutput()}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s said last:\n%s", c.Name, p.output.tail())
		}
	})
	p.Restart(t)
	return p
}

// Restart starts the peer again, after it was killed if it runs, and returns when it is ready.
func (p *Peer) Restart(t testing.TB) {
	t.Helper()
	p.Kill()
	if err := p.start(); err != nil {
		t.Fatalf("start %s: %v", p.command.Name, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	ctx, stop := context.WithTimeout(ctx, p.patience())
	defer stop()
	watched := make(chan struct{})
	go func() { // ends with the process, or with this call
		defer close(watched)
		select {
		case <-p.ended:
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	for _, ready := range p.command.Ready {
		if err := ready(ctx, p); err != nil {
			t.Fatalf("%s is not ready: %v (%v)", p.command.Name, err, context.Cause(ctx))
		}
	}
	stop()
	<-watched
}

func (p *Peer) patience() time.Duration {
	if p.command.Patience == 0 {
		return defaultPatience
	}
	return p.command.Patience
}

// start starts the process.
func (p *Peer) start() error {
	path, err := find(p.command.Name)
	if err != nil {
		return err
	}
	p.output.reset()
	cmd := exec.Command(path, p.command.Args...)
	cmd.Dir, cmd.Env = p.command.Dir, append(os.Environ(), p.command.Env...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = p.output, p.output, pipeWait
	cmd.SysProcAttr = ownGroup()
	started, ended, orphans := make(chan error), make(chan struct{}), new(bool)
	go func() { // ends with the process
		// Linux takes the end of the thread that started a child for that of its parent.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is nothing that a test asks for
			*orphans = hasGroup(cmd.Process)
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	p.cmd, p.ended, p.orphans = cmd, ended, orphans
	return nil
}

// Kill kills the peer at once (kill -9), paused or not, with the children that it has, and returns when it has ended. Of one that has ended
// by itself the children are killed that it left.
func (p *Peer) Kill() {
	if p.cmd == nil {
		return
	}
	select {
	case <-p.ended: // by itself
		if *p.orphans { // else the group's number may be another's already
			_ = killGroup(p.cmd.Process)
		}
	default:
		_ = killGroup(p.cmd.Process) // an error says that it has ended by now
		<-p.ended
	}
	p.cmd = nil
}

// Pause stops the peer where it stands (SIGSTOP).
func (p *Peer) Pause(t testing.TB) {
	t.Helper()
	if !canPause {
		t.Skip("nothing can be paused on " + runtime.GOOS)
	}
	if err := pauseGroup(p.cmd.Process); err != nil {
		t.Fatalf("pause %s: %v", p.command.Name, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), stopTimeout)
	defer cancel()
	// It may answer once more until it has taken notice.
	if err := Answers(func(context.Context) error { return stands(p.cmd.Process.Pid) })(ctx, p); err != nil {
		t.Fatalf("pause %s: %v", p.command.Name, err)
	}
}

// stopTimeout bounds how long a peer may take to stand still.
const stopTimeout = 10 * time.Second

// Resume lets a peer that was paused go on.
func (p *Peer) Resume(t testing.TB) {
	t.Helper()
	if err := resumeGroup(p.cmd.Process); err != nil {
		t.Fatalf("resume %s: %v", p.command.Name, err)
	}
}

// Output returns what the peer has said since it was started the last time, on standard output and standard error: the first 8 MiB of it.
func (p *Peer) Output() string { return p.output.String() }

// Wait returns when the peer has said a line that contains a text, since it was started the last time.
func (p *Peer) Wait(t testing.TB, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), p.patience())
	defer cancel()
	if err := p.output.wait(ctx, text); err != nil {
		t.Fatalf("%s has not said %q: %v", p.command.Name, text, err)
	}
}
