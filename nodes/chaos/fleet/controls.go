package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

// ErrNoControls: the gateways of this fleet have no points at which they can be stopped.
var ErrNoControls = errors.New("no failpoints")

func (f *Fleet) makeControls() error {
	if f.config.Controls == "" {
		return nil
	}
	if err := os.Mkdir(f.config.Controls, 0o700); err != nil {
		return fmt.Errorf("make the folder of the sockets: %w", err)
	}
	f.controls = f.config.Controls
	return nil
}

func (f *Fleet) removeControls() {
	if f.controls != "" {
		_ = os.RemoveAll(f.controls) // what is left of it cleanup removes
	}
}

// controlOf is what the environment of a gateway says of its socket.
func (f *Fleet) controlOf(gateway string) []string {
	if f.controls == "" {
		return nil
	}
	return []string{failpoint.EnvSocket + "=" + f.socket(gateway)}
}

func (f *Fleet) socket(gateway string) string { return filepath.Join(f.controls, gateway) }

// Control asks something at the socket of a gateway.
func (f *Fleet) Control(ctx context.Context, gateway string, r failpoint.Request) (failpoint.Answer, error) {
	if f.controls == "" {
		return failpoint.Answer{}, fmt.Errorf("%s: %w: %s", gateway, ErrNoControls, failpoint.Missing)
	}
	c, err := failpoint.Dial(ctx, f.socket(gateway))
	if err != nil {
		return failpoint.Answer{}, fmt.Errorf("%s: %w", gateway, err)
	}
	defer func() { _ = c.Close() }() // all was said
	a, err := c.Do(ctx, r)
	if err != nil {
		return a, fmt.Errorf("%s: %w", gateway, err)
	}
	return a, nil
}
