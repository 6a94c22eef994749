//go:build !failpoints

package gateway

import (
	"context"
	"time"
)

// controls are what a harness can do to the gateway while it runs: nothing. See failpoints_on.go.
type controls struct{}

func newControls() (controls, error) { return controls{}, nil }

// wall is the clock that the gateway takes for that of its machine; nil: that is what it takes.
func (controls) wall() func() time.Time { return nil }

func (controls) run(context.Context) error { return nil }
