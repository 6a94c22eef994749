package fault

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/sim"
)

// behave has devices misbehave. What is seen is what the hardware wrote down.
type behave struct {
	fleet     *fleet.Fleet
	devices   []string
	behaviour sim.Behaviour
	from      int64 // where to look in the hardware's log
}

func newBehave(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	p := e.Params
	return &behave{fleet: f, devices: targets, behaviour: sim.Behaviour{
		Before: p.Before.Std(), After: p.After.Std(), Decline: p.Decline, LoseAck: p.LoseAck,
		Crash: p.Crash, Babble: p.Babble, Flood: p.Flood, Off: p.Off,
	}}
}

// Down are all ways to the devices that are switched off.
func (b *behave) Down() []string {
	if !b.behaviour.Off {
		return nil
	}
	var ways []string
	for _, n := range b.fleet.Gateways() {
		for _, d := range b.devices {
			ways = append(ways, history.Link(n.Name, d))
		}
	}
	return ways
}

func (b *behave) Apply(context.Context) error { return b.tell(b.behaviour) }

func (b *behave) Heal(context.Context) error { return b.tell(sim.Behaviour{}) }

func (b *behave) tell(behaviour sim.Behaviour) error {
	info, err := os.Stat(b.fleet.Truth())
	if err != nil {
		return err
	}
	b.from = info.Size()
	for _, d := range b.devices {
		if err := b.fleet.Behave(d, behaviour); err != nil {
			return err
		}
	}
	return nil
}

func (b *behave) Confirm(ctx context.Context) (string, error) { return b.seen(ctx, b.behaviour) }

func (b *behave) ConfirmHealed(ctx context.Context) (string, error) {
	return b.seen(ctx, sim.Behaviour{})
}

// seen waits until the hardware has written down that its devices behave so.
func (b *behave) seen(ctx context.Context, want sim.Behaviour) (string, error) {
	for {
		missing, err := b.missing(want)
		if err != nil {
			return "", err
		}
		if len(missing) == 0 {
			return fmt.Sprintf("the hardware says that %v behaves so: %+v", b.devices, want), nil
		}
		timer := time.NewTimer(10 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", fmt.Errorf("the hardware does not say that %v behaves so: %w", missing, context.Cause(ctx))
		}
	}
}

// missing are the devices of which the log does not say so, in what was written since.
func (b *behave) missing(want sim.Behaviour) ([]string, error) {
	file, err := os.Open(b.fleet.Truth())
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	if _, err := file.Seek(b.from, io.SeekStart); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r sim.Record
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Kind == sim.KindBehave && r.Behaviour != nil && *r.Behaviour == want {
			seen[r.Device] = true
		}
	}
	var missing []string
	for _, d := range b.devices {
		if !seen[d] {
			missing = append(missing, d)
		}
	}
	return missing, nil
}
