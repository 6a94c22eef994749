package main

import (
	"context"
	"errors"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// commandSender is by whom a command is sent.
type commandSender interface {
	// profile returns the profile of a device; nil if that is lost.
	profile(ctx context.Context, device string) (*roostv1.Profile, error)
	// Send has a command accepted, and waits for its outcome.
	Send(ctx context.Context, c *roostv1.Command, wait time.Duration) (*roostv1.CommandRecord, error)
}

// hubSender sends over the hub.
type hubSender struct{ *cluster.Client }

func (h hubSender) profile(ctx context.Context, device string) (*roostv1.Profile, error) {
	view, err := h.Device(ctx, device)
	return view.Profile, err
}

// localSender sends at the gateway of this machine.
type localSender struct{ *control.Client }

func (l localSender) profile(ctx context.Context, device string) (*roostv1.Profile, error) {
	d, err := l.Device(ctx, device)
	if errors.Is(err, roostv1.ErrNotFound) {
		return nil, nil // the gateway says best why it takes no command for it
	}
	return d.Profile, err
}
