package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"

	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/live"
)

// face is how roost up shows itself.
type face interface {
	logger() *slog.Logger
	// output takes lines of logs.
	output() io.Writer
	// note shows what happens to a process. It may be called at any time.
	note(gateway, what string)
	// show starts the fleet and shows it until ctx ends or somebody quits; what
	// happens while the gateways stop it may show until rest ends.
	show(ctx, rest context.Context, s scene) error
}

// scene is what a face shows: a fleet that runs here.
type scene struct {
	client   *cluster.Client
	url      string // of the hub
	fleet    string
	gateways string // which there are, in words
	data     string
	health   string // where the gateway tells how it does, as a clause; empty: nowhere, or it says so itself
	try      string // a command to try in another terminal; empty: what fits the devices
	// start gives the fleet its devices, and returns them when they are served.
	start func(context.Context) ([]*roostv1.DeviceStatus, error)
	// last reports whether nothing of interest comes after an event, while all stops.
	last func(*roostv1.Event) bool
}

// events are what a client hears.
type events = iter.Seq2[*roostv1.Event, error]

// face returns the face that fits the output.
func (c *upCommand) face(level slog.Level) face {
	if t, ok := c.terminal(); ok && !c.plain {
		board := live.NewBoard()
		var log io.Writer = board
		if !console.NewScreen(c.Err, c.Getenv).Terminal {
			log = c.Err
		}
		return &tableFace{upCommand: c, terminal: t, board: board, out: log, log: newLogger(log, level, log == io.Writer(board))}
	}
	return &lineFace{upCommand: c, log: newLogger(c.Err, level, false)}
}

// readyLine says that the gateway serves. Scripts read its first two words.
func readyLine(s scene, devices []*roostv1.DeviceStatus) string {
	return fmt.Sprintf("ready %s  fleet %s, %s, %d devices, data in %s%s", s.url, s.fleet, s.gateways, len(devices), s.data, s.health)
}

// noteOf is an event of this program, which no gateway tells.
func noteOf(gateway, what string) *roostv1.Event {
	return &roostv1.Event{At: timestamppb.Now(), Gateway: gateway, Kind: roostv1.EventKind_EVENT_KIND_GATEWAY, Message: what}
}
