package fault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

func powerCutKind() Kind {
	return Kind{plan.PowerCut, "gateways lose their power, and what they had not synced; they are started again", history.FaultPowerCut, disk.Missing, newPowerCut}
}

func hubPowerCutKind() Kind {
	return Kind{plan.HubPowerCut, "hubs lose their power, and what they had not synced; they are started again", history.FaultPowerCut, disk.Missing, newPowerCut}
}

// powerCut takes the power of a node: its processor stands still, its disk stops without writing what it has in
// memory, and nothing of the process is left. What is found on the disk then is what the next start has.
type powerCut struct {
	disks
	id   string
	seen chan string
}

func newPowerCut(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	return &powerCut{disks{newNodes(f, targets)}, e.ID, make(chan string, len(targets))}
}

func (p *powerCut) Apply(ctx context.Context) error {
	return p.eachDisk(func(n *fleet.Node, own disk.Disk) error {
		seen, err := p.cut(ctx, n, own)
		if err != nil {
			return fmt.Errorf("cut the power of %s: %w", n.Name, err)
		}
		p.seen <- seen
		return nil
	})
}

func (p *powerCut) cut(ctx context.Context, n *fleet.Node, own disk.Disk) (seen string, err error) {
	if err := halt(ctx, n); err != nil {
		return "", err
	}
	// A canary, which is in memory only: nobody syncs the disk any more.
	canary := filepath.Join(own.Dir, "canary-"+p.id)
	if err := os.WriteFile(canary, make([]byte, 64<<10), 0o600); err != nil {
		return "", err
	}
	if err := own.Cut(); err != nil {
		return "", err
	}
	wrote := own.Probe()
	if !errors.Is(wrote, syscall.EIO) {
		return "", fmt.Errorf("its disk writes on: %v", wrote)
	}
	outcome, err := n.Kill()
	if err == nil {
		err = own.Again()
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s stood still, a write gave %v, then %s; %s", n.Name, syscall.EIO, outcome, fate(canary)), nil
}

// halt stops a process in the middle of what it does, all of its threads.
func halt(ctx context.Context, n *fleet.Node) error {
	pid, ok := n.PID()
	if !ok {
		return fleet.ErrNotRunning
	}
	if err := n.Pause(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, confirmTime, errors.New("it does not stand still"))
	defer cancel()
	return until(ctx, func() bool { return fleet.Halted(pid) })
}

// fate says what became of a file that was never synced.
func fate(path string) string {
	switch info, err := os.Stat(path); {
	case err != nil:
		return "a file that was not synced is lost"
	case info.Size() == 0:
		return "what was in a file that was not synced is lost"
	default:
		return "a file that was not synced came through"
	}
}

func (p *powerCut) Confirm(context.Context) (string, error) {
	close(p.seen)
	var seen []string
	for s := range p.seen {
		seen = append(seen, s)
	}
	return strings.Join(seen, ", "), nil
}

// Heal starts the nodes again. One whose power was cut only half is ended first.
func (p *powerCut) Heal(ctx context.Context) error {
	return errors.Join(p.eachDisk(func(n *fleet.Node, own disk.Disk) error {
		if _, runs := n.PID(); runs && !n.Running() {
			if _, err := n.Kill(); err != nil {
				return err
			}
		}
		if _, runs := n.PID(); runs {
			return nil // nothing was done to it
		}
		if own.Mounted() && own.Probe() == nil {
			return nil
		}
		return own.Again()
	}), p.start(ctx))
}

func (p *powerCut) ConfirmHealed(context.Context) (string, error) { return p.works() }
