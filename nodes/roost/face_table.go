package main

import (
	"context"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"

	"github.com/roost-iot/roost/nodes/hub"
	"github.com/roost-iot/roost/nodes/live"
)

// tableFace shows the devices in a table that keeps up with them.
type tableFace struct {
	*upCommand
	log      *slog.Logger
	terminal live.Terminal
	board    *live.Board
}

func (f *tableFace) logger() *slog.Logger { return f.log }

func (f *tableFace) show(ctx, _ context.Context, s *standalone, fleet *roostv1.Fleet) error {
	ctx, stop := context.WithCancel(ctx)
	var all errgroup.Group
	all.Go(func() error { return live.Follow(ctx, s.client, f.board) })
	all.Go(func() error {
		defer stop()
		devices, err := s.start(ctx, fleet)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		fmt.Fprintln(f.Out, readyLine(s, devices))
		err = live.Show(ctx, f.terminal, f.board, live.View{
			Title:   fmt.Sprintf("roost · ready %s · fleet %s · gateway %s", s.hub.URL(), s.config.fleet, s.config.id),
			Hint:    hint(s.hub.URL()),
			Palette: f.screen().Palette,
		})
		f.Stop() // the next Ctrl-C, a signal from here on, ends the process at once
		fmt.Fprintln(f.Out, "stopping")
		return err
	})
	return all.Wait()
}

// hint says what to try in another terminal.
func hint(url string) string {
	where := ""
	if url != "nats://"+hub.DefaultListen {
		where = " --hub " + url
	}
	return "q quits · in another terminal: roost send pump start" + where
}
