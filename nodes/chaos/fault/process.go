package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// stopPatience is how long a process may take to end in order.
const stopPatience = 15 * time.Second

// nodes are the processes that a fault is done to.
type nodes struct {
	fleet *fleet.Fleet
	names []string
}

func newNodes(f *fleet.Fleet, names []string) nodes {
	return nodes{fleet: f, names: names}
}

func (n *nodes) Down() []string { return n.names }

// each does something to all of them at once.
func (n *nodes) each(act func(*fleet.Node) error) error {
	var all errgroup.Group
	for _, name := range n.names {
		node := n.fleet.Node(name)
		if node == nil {
			return fmt.Errorf("there is no node %s", name)
		}
		all.Go(func() error { return act(node) })
	}
	return all.Wait()
}

// start starts those that do not run, and waits until they are ready.
func (n *nodes) start(ctx context.Context) error {
	return n.each(func(node *fleet.Node) error {
		if _, runs := node.PID(); runs {
			return nil
		}
		return node.Start(ctx)
	})
}

// ready waits until all are ready.
func (n *nodes) ready(ctx context.Context) error {
	return n.each(func(node *fleet.Node) error { return node.Ready(ctx) })
}

// up checks that all run, and says so.
func (n *nodes) up() (string, error) {
	var seen []string
	for _, name := range n.names {
		node := n.fleet.Node(name)
		pid, runs := node.PID()
		if !runs || !node.Running() {
			return "", fmt.Errorf("%s: %w", name, fleet.ErrNotRunning)
		}
		seen = append(seen, fmt.Sprintf("%s runs as %d, start %d", name, pid, node.Run()))
	}
	return strings.Join(seen, ", "), nil
}

// kill is SIGKILL.
type kill struct {
	nodes
	outcomes chan string
}

func newKill(f *fleet.Fleet, _ plan.Entry, targets []string) Fault {
	return &kill{newNodes(f, targets), make(chan string, len(targets))}
}

func (k *kill) Apply(context.Context) error {
	return k.each(func(node *fleet.Node) error {
		outcome, err := node.Kill()
		if err == nil {
			k.outcomes <- fmt.Sprintf("%s: %s", node.Name, outcome)
		}
		return err
	})
}

func (k *kill) Confirm(context.Context) (string, error) { return ends(k.outcomes, "signal: killed") }

// ends collects how processes ended, and checks that it was so.
func ends(outcomes chan string, want string) (string, error) {
	close(outcomes)
	var seen []string
	for o := range outcomes {
		if !strings.HasSuffix(o, want) {
			return "", fmt.Errorf("%s, not %s", o, want)
		}
		seen = append(seen, o)
	}
	return strings.Join(seen, ", "), nil
}

func (k *kill) Heal(ctx context.Context) error { return k.start(ctx) }

func (k *kill) ConfirmHealed(context.Context) (string, error) { return k.up() }

// stop is SIGTERM.
type stop struct {
	nodes
	outcomes chan string
}

func newStop(f *fleet.Fleet, _ plan.Entry, targets []string) Fault {
	return &stop{newNodes(f, targets), make(chan string, len(targets))}
}

func (s *stop) Apply(context.Context) error {
	return s.each(func(node *fleet.Node) error {
		outcome, err := node.Stop(stopPatience)
		if err == nil {
			s.outcomes <- fmt.Sprintf("%s: %s", node.Name, outcome)
		}
		return err
	})
}

func (s *stop) Confirm(context.Context) (string, error) { return ends(s.outcomes, "exit status 0") }

func (s *stop) Heal(ctx context.Context) error { return s.start(ctx) }

func (s *stop) ConfirmHealed(context.Context) (string, error) { return s.up() }

// pause is SIGSTOP.
type pause struct{ nodes }

func newPause(f *fleet.Fleet, _ plan.Entry, targets []string) Fault {
	return &pause{newNodes(f, targets)}
}

func (p *pause) Apply(context.Context) error { return p.each((*fleet.Node).Pause) }

func (p *pause) Confirm(ctx context.Context) (string, error) {
	return p.all(ctx, "stands still", func(state byte) bool { return state == 'T' || state == 0 })
}

// all waits until the kernel says that of all of them. Where it says nothing, the signal has to do.
func (p *pause) all(ctx context.Context, what string, is func(state byte) bool) (string, error) {
	var seen []string
	for _, name := range p.names {
		pid, ok := p.fleet.Node(name).PID()
		if !ok {
			return "", fmt.Errorf("%s: %w", name, fleet.ErrNotRunning)
		}
		state := byte(0)
		if err := until(ctx, func() bool { state = fleet.ProcessState(pid); return is(state) }); err != nil {
			return "", fmt.Errorf("%s, process %d: state %c: %w", name, pid, state, err)
		}
		if state == 0 {
			seen = append(seen, name+" was sent the signal")
			continue
		}
		seen = append(seen, fmt.Sprintf("%s %s: stat=%c", name, what, state))
	}
	return strings.Join(seen, ", "), nil
}

func (p *pause) Heal(context.Context) error {
	return p.each(func(node *fleet.Node) error {
		if err := node.Resume(); !errors.Is(err, fleet.ErrNotRunning) {
			return err
		}
		return nil
	})
}

func (p *pause) ConfirmHealed(ctx context.Context) (string, error) {
	return p.all(ctx, "goes on", func(state byte) bool { return state != 'T' })
}

// until waits until something is so.
func until(ctx context.Context, is func() bool) error {
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
