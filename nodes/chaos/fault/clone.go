package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// cloneTime is how long a clone, or the first one when it goes on, may take until it knows that there is another.
const cloneTime = 20 * time.Second

// clone starts a gateway with the id of another one. While that one runs, the clone has to end by itself. While that one
// stands still, the clone takes its place as any gateway would take its buses, and it has to end when it goes on.
type clone struct {
	fleet   *fleet.Fleet
	gateway string
	copied  bool
	still   bool
	node    *fleet.Node // nil: it was not made
	ended   string      // what became of the one that had to end
}

func newClone(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	c := &clone{fleet: f, copied: e.Params.Copy != plan.CopyEmpty, still: e.Params.While == plan.WhileStill}
	if len(targets) > 0 {
		c.gateway = targets[0]
	}
	return c
}

func (c *clone) Down() []string {
	if c.still {
		return []string{c.gateway}
	}
	return nil
}

func (c *clone) Apply(context.Context) (err error) {
	if c.node, err = c.fleet.Clone(c.gateway, c.copied); err != nil {
		return err
	}
	if c.still {
		if err := c.fleet.Node(c.gateway).Pause(); err != nil {
			return err
		}
	}
	return c.node.Launch()
}

func (c *clone) Confirm(ctx context.Context) (string, error) {
	if c.still {
		if err := c.node.Ready(ctx); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s, with %s, is ready while %s stands still", c.node.Name, c.data(), c.gateway), nil
	}
	said, err := c.refused(ctx, c.node)
	return fmt.Sprintf("%s, with %s: %s", c.node.Name, c.data(), said), err
}

func (c *clone) data() string {
	if c.copied {
		return "a copy of the folder"
	}
	return "an empty folder"
}

// refused waits until a gateway has ended by itself since another has its name, and returns what it says.
func (c *clone) refused(ctx context.Context, node *fleet.Node) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cloneTime, fmt.Errorf("not within %v", cloneTime))
	defer cancel()
	outcome, words, err := node.Ended(ctx)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSpace(words), "\n")
	said := fmt.Sprintf("%s ended: %s: %s", node.Name, outcome, lines[len(lines)-1])
	if outcome == "exit status 0" || !strings.Contains(words, "is running already") {
		return "", errors.New(said)
	}
	return said, nil
}

// Heal lets the first one go on, which has to end, and then the clone end in order; the first is started again.
func (c *clone) Heal(ctx context.Context) error {
	first := c.fleet.Node(c.gateway)
	var errs error
	if c.still {
		if err := first.Resume(); err != nil {
			errs = err
		} else if c.ended, err = c.refused(ctx, first); err != nil {
			errs = err
		}
	}
	if c.node != nil {
		if _, runs := c.node.PID(); runs {
			_, err := c.node.Stop(stopPatience)
			errs = errors.Join(errs, err)
		}
	}
	n := newNodes(c.fleet, []string{c.gateway})
	return errors.Join(errs, n.start(ctx))
}

func (c *clone) ConfirmHealed(context.Context) (string, error) {
	n := newNodes(c.fleet, []string{c.gateway})
	up, err := n.up()
	if c.ended != "" {
		up = c.ended + "; " + up
	}
	return up, err
}
