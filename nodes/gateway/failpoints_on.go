//go:build failpoints

package gateway

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/spool"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

// Variables that arm one point from the beginning: its name, at each how many passings, and that the process stops
// there and does not kill itself.
const (
	envPoint = "ROOST_FAILPOINT"
	envEvery = "ROOST_FAILPOINT_EVERY"
	envPause = "ROOST_FAILPOINT_PAUSE"
)

// controls are what a harness can do to the gateway while it runs. Points belong to the process: of several gateways
// in one, the last that is made has them.
type controls struct {
	points *failpoint.Controller
	socket string // empty: there is none
}

func newControls() (controls, error) {
	c := controls{points: failpoint.NewController(), socket: os.Getenv(failpoint.EnvSocket)}
	if text := os.Getenv(failpoint.EnvStep); text != "" {
		step, err := time.ParseDuration(text)
		if err != nil {
			return c, fmt.Errorf("%s: %w", failpoint.EnvStep, err)
		}
		if err := c.points.Wall.Set(failpoint.Clock{Step: failpoint.Duration(step)}); err != nil {
			return c, fmt.Errorf("%s: %w", failpoint.EnvStep, err)
		}
	}
	if point := os.Getenv(envPoint); point != "" {
		if err := c.points.Arm(armed(point)); err != nil {
			return c, fmt.Errorf("%s: %w", envPoint, err)
		}
	}
	actors.HookFailpoints(c.points.Hit)
	cluster.HookFailpoints(c.points.Hit)
	spool.HookFailpoints(c.points.Hit)
	rig.HookFailpoints(c.points.Hit)
	return c, nil
}

// armed is what the environment arms: at each n-th passing, at each one where nothing is said.
func armed(point string) failpoint.Arm {
	every, err := strconv.ParseUint(os.Getenv(envEvery), 10, 64)
	if err != nil {
		every = 1
	}
	arm := failpoint.Arm{ID: "environment", Point: point, After: every, Every: every, Do: failpoint.Kill}
	if os.Getenv(envPause) != "" {
		arm.Do = failpoint.Stop
	}
	return arm
}

// wall is the clock that the gateway takes for that of its machine.
func (c controls) wall() func() time.Time { return c.points.Wall.Now }

// run answers the harness until ctx ends. What hangs at a point then is let go on.
func (c controls) run(ctx context.Context) error {
	defer func() { _ = c.points.Disarm("") }() // all of them: that is never refused
	if c.socket == "" {
		<-ctx.Done()
		return nil
	}
	return c.points.Serve(ctx, c.socket)
}
