package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/nodes/hub"
	"github.com/roost-iot/roost/nodes/live"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// tableFace shows the devices in a table that keeps up with them.
type tableFace struct {
	*upCommand
	log      *slog.Logger
	out      io.Writer // for logs
	terminal live.Terminal
	board    *live.Board
	covered  atomic.Bool // the table is shown
}

func (f *tableFace) logger() *slog.Logger { return f.log }

func (f *tableFace) output() io.Writer {
	if f.out != io.Writer(f.board) {
		return f.out
	}
	return tableOutput{f}
}

// tableOutput takes lines of logs to the board, and to the error output while that is not covered:
// what goes wrong at the start may end before there is a table.
type tableOutput struct{ *tableFace }

func (f tableOutput) Write(line []byte) (int, error) {
	if !f.covered.Load() {
		_, _ = f.Err.Write(line)
	}
	text := line
	if time, rest, ok := bytes.Cut(line, []byte(" ")); ok && bytes.HasPrefix(time, []byte("time=")) {
		text = rest // the board has its own times
	}
	_, err := f.board.Write(text)
	return len(line), err
}

func (f *tableFace) note(gateway, what string) {
	f.board.Event(noteOf(gateway, what))
	if !f.covered.Load() {
		fmt.Fprintln(f.Out, what)
	}
}

func (f *tableFace) show(ctx, _ context.Context, s scene) error {
	ctx, stop := context.WithCancel(ctx)
	var all errgroup.Group
	all.Go(func() error { return live.Follow(ctx, s.client, f.board) })
	all.Go(func() error {
		defer stop()
		devices, err := s.start(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		fmt.Fprintln(f.Out, readyLine(s, devices))
		f.covered.Store(true)
		err = live.Show(ctx, f.terminal, f.board, live.View{
			Title:   fmt.Sprintf("roost · ready %s · fleet %s · %s", s.url, s.fleet, s.gateways),
			Hint:    s.hint(devices),
			Palette: f.screen().Palette,
		})
		f.covered.Store(false)
		f.Stop() // the next Ctrl-C, a signal from here on, ends the process at once
		fmt.Fprintln(f.Out, "stopping")
		return err
	})
	return all.Wait()
}

// hint says what to try in another terminal.
func (s scene) hint(devices []*roostv1.DeviceStatus) string {
	where := ""
	if s.url != "nats://"+hub.DefaultListen {
		where = " --hub " + s.url
	}
	return "q quits · in another terminal: " + cmp.Or(s.try, tryOf(devices)) + where
}

// tryOf is what one can try with these devices: a command of the simulated pump, or else a look at one that somebody owns.
func tryOf(devices []*roostv1.DeviceStatus) string {
	for _, d := range devices {
		if d.GetDeviceId() == "pump" && d.GetProfile() == "sim-pump" {
			return "roost send pump start"
		}
	}
	if len(devices) > 0 {
		return "roost device show " + devices[0].GetDeviceId()
	}
	return "roost devices"
}
