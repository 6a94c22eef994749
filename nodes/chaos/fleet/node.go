package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ErrNotRunning: the node has no process at present.
var ErrNotRunning = errors.New("not running")

// Kind is what a node is.
type Kind string

// Kinds of nodes.
const (
	KindHub      Kind = "hub"
	KindGateway  Kind = "gateway"
	KindHardware Kind = "hardware"
)

// Change tells that a process was started, is ready, or has ended.
type Change struct {
	Node string
	Kind Kind
	// Run is which start of the node it is, from 1.
	Run   int
	PID   int
	State State
	// Exit is how it ended; Killed: the harness did it.
	Exit   string
	Killed bool
}

// State is how a process is.
type State string

// States of a process.
const (
	StateStarted State = "started"
	StateReady   State = "ready"
	StateEnded   State = "ended"
)

// Node is a process by name, which can be started again and again.
type Node struct {
	Name string
	Kind Kind

	program []string
	env     []string
	args    []string
	logs    string
	// namespace of network that it runs in; empty: that of everybody.
	namespace string
	note      func(Change)

	mu      sync.Mutex
	run     int
	process *process // of the last run
	paused  bool
	extra   []string // of the environment, for starts from now on
}

// Launch starts the node, and does not wait until it is ready. One that runs is an error.
func (n *Node) Launch() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process != nil && n.process.alive() {
		return fmt.Errorf("start %s: it runs already", n.Name)
	}
	run := n.run + 1
	p, err := begin(command{
		program: n.program, env: append(n.env[:len(n.env):len(n.env)], n.extra...), args: n.args, namespace: n.namespace,
		logs: filepath.Join(n.logs, fmt.Sprintf("%s.%d", n.Name, run)),
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	n.process, n.run, n.paused = p, run, false
	n.note(Change{Node: n.Name, Kind: n.Kind, Run: run, PID: p.pid(), State: StateStarted})
	go n.follow(p, run) // ends with the process
	return nil
}

// follow tells what becomes of a process.
func (n *Node) follow(p *process, run int) {
	change := Change{Node: n.Name, Kind: n.Kind, Run: run, PID: p.pid()}
	select {
	case <-p.ready:
		change.State = StateReady
		n.note(change)
	case <-p.ended:
	}
	<-p.ended
	change.State, change.Exit, change.Killed = StateEnded, p.outcome(), p.wasKilled()
	n.note(change)
}

// Replace has the next start of the node be of another program, with arguments that come first.
func (n *Node) Replace(program ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.program = program
}

// Program is what the next start is of.
func (n *Node) Program() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.program
}

// Start starts the node, and returns when it has said that it is ready.
func (n *Node) Start(ctx context.Context) error {
	if err := n.Launch(); err != nil {
		return err
	}
	return n.Ready(ctx)
}

// Ready waits until the node has said that it is ready.
func (n *Node) Ready(ctx context.Context) error {
	p := n.current()
	if p == nil {
		return fmt.Errorf("%s: %w", n.Name, ErrNotRunning)
	}
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return fmt.Errorf("%s ended before it was ready: %s: %s", n.Name, p.outcome(), n.lastWords())
	case <-ctx.Done():
		return fmt.Errorf("%s is not ready: %w: %s", n.Name, context.Cause(ctx), n.lastWords())
	}
}

// Ended waits until the process that runs, or ran last, has ended, and returns how, and the end of what it complained of.
func (n *Node) Ended(ctx context.Context) (outcome, words string, err error) {
	p := n.current()
	if p == nil {
		return "", "", fmt.Errorf("%s: %w", n.Name, ErrNotRunning)
	}
	select {
	case <-p.ended:
		return p.outcome(), n.lastWords(), nil
	case <-ctx.Done():
		return "", "", fmt.Errorf("%s has not ended: %w", n.Name, context.Cause(ctx))
	}
}

// lastWords are the end of what it complained of.
func (n *Node) lastWords() string {
	const most = 400
	text, err := os.ReadFile(filepath.Join(n.logs, fmt.Sprintf("%s.%d.err", n.Name, n.Run())))
	if err != nil {
		return "its log cannot be read"
	}
	return string(text[max(0, len(text)-most):])
}

func (n *Node) current() *process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

// Run is the number of the last start, 0 if there was none.
func (n *Node) Run() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.run
}

// PID is the id of its process; false if it has none.
func (n *Node) PID() (int, bool) {
	p := n.current()
	if p == nil || !p.alive() {
		return 0, false
	}
	return p.pid(), true
}

// Running reports whether the node has a process, and that was not stopped with Pause.
func (n *Node) Running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process != nil && n.process.alive() && !n.paused
}

// Kill ends the node with no chance to clean up, also one that is paused, and returns how it ended.
func (n *Node) Kill() (outcome string, err error) {
	p := n.current()
	if p == nil || !p.alive() {
		return "", fmt.Errorf("kill %s: %w", n.Name, ErrNotRunning)
	}
	p.kill()
	return p.outcome(), nil
}

// Stop asks the node to end in order, and waits until it has; when it takes longer than patience, it is
// killed, and that is an error.
func (n *Node) Stop(patience time.Duration) (outcome string, err error) {
	p := n.current()
	if p == nil || !p.alive() {
		return "", fmt.Errorf("stop %s: %w", n.Name, ErrNotRunning)
	}
	if err := p.terminate(); err != nil && p.alive() {
		return "", fmt.Errorf("stop %s: %w", n.Name, err)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.ended:
		return p.outcome(), nil
	case <-timer.C:
		p.kill()
		return p.outcome(), fmt.Errorf("stop %s: it had not ended after %v, and was killed", n.Name, patience)
	}
}

// Set adds to the environment of starts from now on, in place of what was added before.
func (n *Node) Set(env ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.extra = env
}

// Doomed says that the node's process is to be killed by a point of its own work, at some time from now on.
type Doomed struct{ p *process }

// Doom says so. Its end counts as one that the harness has brought about.
func (n *Node) Doom() (Doomed, error) {
	p := n.current()
	if p == nil || !p.alive() {
		return Doomed{}, fmt.Errorf("kill %s: %w", n.Name, ErrNotRunning)
	}
	p.doom(true)
	return Doomed{p}, nil
}

// Spare says that it is not to be killed after all.
func (d Doomed) Spare() { d.p.doom(false) }

// Ended is closed when it has ended.
func (d Doomed) Ended() <-chan struct{} { return d.p.ended }

// Outcome is how it ended.
func (d Doomed) Outcome() string { return d.p.outcome() }

// CanPause reports whether this system can stop a process.
func CanPause() bool { return canPause }

// Pause stops the node's process where it is.
func (n *Node) Pause() error { return n.signal("pause", true, (*process).pause) }

// Resume lets it go on.
func (n *Node) Resume() error { return n.signal("resume", false, (*process).resume) }

func (n *Node) signal(what string, paused bool, act func(*process) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil || !n.process.alive() {
		return fmt.Errorf("%s %s: %w", what, n.Name, ErrNotRunning)
	}
	if err := act(n.process); err != nil {
		return fmt.Errorf("%s %s: %w", what, n.Name, err)
	}
	n.paused = paused
	return nil
}

// Tell writes a line to the node's standard input.
func (n *Node) Tell(line string) error {
	p := n.current()
	if p == nil || !p.alive() {
		return fmt.Errorf("tell %s: %w", n.Name, ErrNotRunning)
	}
	_, err := io.WriteString(p.input, line+"\n")
	return err
}
