package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"

	"github.com/roost-iot/roost/nodes/fleetfile"
	"github.com/roost-iot/roost/nodes/gateway"
)

const (
	// startInterval is how often a fleet that is starting is looked at.
	startInterval = 50 * time.Millisecond
	// openWait is how long devices may take to open before the gateway is said to serve: a
	// command that is sent right after is meant to find its device.
	openWait = 3 * time.Second
)

// starter gives a fleet that was just started its devices.
type starter struct {
	client *cluster.Client
	log    *slog.Logger
	// gateways are those that are to answer. The error says that none will.
	gateways func() ([]string, error)
	// example are the devices of a new fleet to which none were given.
	example func(context.Context) (*roostv1.Fleet, error)
}

// start gives the fleet its devices and returns them when they are served. fleet is nil if no fleet
// file was given.
func (s starter) start(ctx context.Context, fleet *roostv1.Fleet) ([]*roostv1.DeviceStatus, error) {
	present, err := s.untilUp(ctx, func() ([]*roostv1.DeviceStatus, error) { return s.client.Devices(ctx) })
	if err != nil {
		return nil, err
	}
	s.refreshProfiles(ctx, fleet)
	if fleet == nil && len(present) == 0 {
		if fleet, err = s.example(ctx); err != nil {
			return nil, err
		}
	}
	if fleet != nil {
		if _, err := s.client.Apply(ctx, fleet); err != nil {
			return nil, fmt.Errorf("add the fleet: %w", err)
		}
	}
	return s.serving(ctx)
}

// builtIn are the devices of a fleet that runs in one process.
func builtIn(context.Context) (*roostv1.Fleet, error) {
	return fleetfile.Parse(fleetfile.ExampleName, fleetfile.Example(), roostv1.WithProfiles(lookup(gateway.Profiles())))
}

// untilUp tries an act until the hub has the fleet's streams, which the gateway makes.
func (s starter) untilUp(ctx context.Context, act func() ([]*roostv1.DeviceStatus, error)) ([]*roostv1.DeviceStatus, error) {
	for {
		devices, err := act()
		if !errors.Is(err, roostv1.ErrUnavailable) && !errors.Is(err, roostv1.ErrOutcomeUnknown) {
			return devices, err
		}
		if !pause(ctx, startInterval) {
			return nil, context.Cause(ctx)
		}
	}
}

// refreshProfiles brings the profiles that come with the drivers up to date, other than those that the
// fleet has of its own. Devices that would not fit a new one keep theirs.
func (s starter) refreshProfiles(ctx context.Context, fleet *roostv1.Fleet) {
	own := lookup(fleet.GetProfiles())
	for _, p := range gateway.Profiles() {
		if own(p.Id) != nil {
			continue
		}
		if _, err := s.client.Apply(ctx, &roostv1.Fleet{Profiles: []*roostv1.Profile{p}}); err != nil && ctx.Err() == nil {
			s.log.Warn("profile stays as it was", "profile", p.Id, "error", err)
		}
	}
}

// serving waits until the gateways answer and their devices are open, or have had time to be.
func (s starter) serving(ctx context.Context) ([]*roostv1.DeviceStatus, error) {
	var answered time.Time
	for {
		began := time.Now()
		devices, err := s.client.Devices(ctx)
		if err == nil && answered.IsZero() {
			all, failed := s.answer(ctx)
			if failed != nil {
				return nil, failed
			}
			if all {
				answered = time.Now()
			}
		}
		if err == nil && !answered.IsZero() && (opened(devices) || time.Since(answered) > openWait) {
			return devices, nil
		}
		if !pause(ctx, max(startInterval, time.Since(began))) {
			return nil, context.Cause(ctx)
		}
	}
}

// untilAnswer waits until all gateways answer: what they are given then is placed among all of them at
// once, and need not move when the last one has joined.
func (s starter) untilAnswer(ctx context.Context) error {
	for {
		if all, err := s.answer(ctx); all || err != nil {
			return err
		}
		if !pause(ctx, startInterval) {
			return context.Cause(ctx)
		}
	}
}

// answer reports whether all gateways answer that are to. The error says that none will.
func (s starter) answer(ctx context.Context) (bool, error) {
	wanted, err := s.gateways()
	if err != nil {
		return false, err
	}
	gateways, err := s.client.Gateways(ctx)
	answering := map[string]bool{}
	for _, g := range gateways {
		answering[g.Status.GatewayId] = g.Answers
	}
	for _, id := range wanted {
		if err != nil || !answering[id] {
			return false, nil
		}
	}
	return true, nil
}

// opened reports whether no device is about to be opened.
func opened(devices []*roostv1.DeviceStatus) bool {
	for _, d := range devices {
		if d.State == roostv1.DeviceState_DEVICE_STATE_UNPLACED || d.State == roostv1.DeviceState_DEVICE_STATE_OPENING {
			return false
		}
	}
	return true
}

// pause waits for a while; false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// lookup finds profiles by their ids.
func lookup(profiles []*roostv1.Profile) func(id string) *roostv1.Profile {
	byID := make(map[string]*roostv1.Profile, len(profiles))
	for _, p := range profiles {
		byID[p.Id] = p
	}
	return func(id string) *roostv1.Profile { return byID[id] }
}

// drivers are the names of the drivers that come with Roost.
func drivers() []string {
	var names []string
	for name := range gateway.Drivers("", "", nil, slog.New(slog.DiscardHandler)) {
		names = append(names, name)
	}
	return names
}
