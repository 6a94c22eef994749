package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"

	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/live"
)

// face is how roost up shows itself.
type face interface {
	logger() *slog.Logger
	// show starts the fleet and shows it until ctx ends or somebody quits; what
	// happens while the gateway stops it may show until rest ends.
	show(ctx, rest context.Context, s *standalone, fleet *roostv1.Fleet) error
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
		return &tableFace{upCommand: c, terminal: t, board: board, log: newLogger(log, level, log == io.Writer(board))}
	}
	return &lineFace{upCommand: c, log: newLogger(c.Err, level, false)}
}

// readyLine says that the gateway serves. Scripts read its first two words.
func readyLine(s *standalone, devices []*roostv1.DeviceStatus) string {
	return fmt.Sprintf("ready %s  fleet %s, gateway %s, %d devices, data in %s",
		s.hub.URL(), s.config.fleet, s.config.id, len(devices), s.config.data)
}
