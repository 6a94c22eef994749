package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

func clockKind() Kind {
	return Kind{plan.Clock, "the wall clock of gateways is set, goes wrong, or starts in 1970", history.FaultClock, failpointsMissing, newClock}
}

// clockNear is by how much a clock may be off that says what it was set to: it was asked over a socket.
const clockNear = 2 * time.Second

// clock sets the wall clock of gateways.
type clock struct {
	nodes
	set  failpoint.Clock
	boot bool
	at   time.Time // when it was set
}

func newClock(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	set := failpoint.Clock{Step: failpoint.Duration(e.Params.Step), Rate: e.Params.Pace}
	return &clock{nodes: newNodes(f, targets), set: set, boot: e.Params.Boot}
}

func (c *clock) Down() []string { return nil }

func (c *clock) Apply(ctx context.Context) error {
	c.at = time.Now()
	if c.boot {
		return c.each(func(node *fleet.Node) error { return c.restart(ctx, node) })
	}
	return c.each(func(node *fleet.Node) error {
		_, err := c.fleet.Control(ctx, node.Name, failpoint.Request{Op: "clock", Clock: &c.set})
		return err
	})
}

// restart has a gateway find its clock wrong when it starts.
func (c *clock) restart(ctx context.Context, node *fleet.Node) error {
	if _, err := node.Kill(); err != nil {
		return err
	}
	node.Set(failpoint.EnvStep + "=" + time.Duration(c.set.Step).String())
	defer node.Set()
	return node.Start(ctx)
}

// Confirm asks the gateways what time it is.
func (c *clock) Confirm(ctx context.Context) (string, error) {
	return c.show(ctx, func(now time.Time) time.Time {
		rate := c.set.Rate
		if rate == 0 || c.boot {
			rate = 1
		}
		return now.Add(time.Duration(c.set.Step) + time.Duration((rate-1)*float64(now.Sub(c.at))))
	})
}

// show checks that the clock of each gateway says what is expected, as near as it can be asked.
func (c *clock) show(ctx context.Context, want func(now time.Time) time.Time) (string, error) {
	var seen []string
	for _, name := range c.names {
		a, err := c.fleet.Control(ctx, name, failpoint.Request{Op: "hits"})
		if err != nil {
			return "", err
		}
		now := time.Now()
		if off := a.Wall.Sub(want(now)).Abs(); off > clockNear {
			return "", fmt.Errorf("the clock of %s says %v, which is %v off what it was set to", name, a.Wall.UTC().Format(time.DateTime), off)
		}
		seen = append(seen, fmt.Sprintf("%s says that it is %s, the machine %s", name, a.Wall.UTC().Format(time.DateTime), now.UTC().Format(time.DateTime)))
	}
	return strings.Join(seen, ", "), nil
}

// Heal sets them right. One that does not run has nothing to be set: it starts with the machine's time.
func (c *clock) Heal(ctx context.Context) error {
	if err := c.start(ctx); err != nil { // one that was killed here, and did not come up
		return err
	}
	return c.each(func(node *fleet.Node) error {
		_, err := c.fleet.Control(ctx, node.Name, failpoint.Request{Op: "clock", Clock: &failpoint.Clock{}})
		if _, runs := node.PID(); !runs {
			return nil
		}
		return err
	})
}

func (c *clock) ConfirmHealed(ctx context.Context) (string, error) {
	seen, err := c.show(ctx, func(now time.Time) time.Time { return now })
	if err != nil {
		if _, down := c.up(); errors.Is(down, fleet.ErrNotRunning) {
			return "a gateway does not run, and starts with the machine's time", nil
		}
	}
	return seen, err
}
