package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"

	"github.com/roost-iot/roost/nodes/console"
)

// lastWords is how long the lines wait, when all has stopped, for a gateway to say that it left.
const lastWords = 300 * time.Millisecond

// lineFace writes a line for each event.
type lineFace struct {
	*upCommand
	log *slog.Logger
	mu  sync.Mutex // one line at a time
}

func (f *lineFace) logger() *slog.Logger { return f.log }

func (f *lineFace) output() io.Writer { return f.Err }

func (f *lineFace) note(gateway, what string) {
	f.line(console.Line(noteOf(gateway, what), console.Timestamp, f.screen().Palette))
}

func (f *lineFace) show(ctx, rest context.Context, s scene) error {
	listening, stop := context.WithCancel(context.WithoutCancel(rest))
	defer stop()
	events := s.client.Events(listening) // listens from here on
	defer context.AfterFunc(ctx, func() { f.line("stopping") })()
	var all errgroup.Group
	all.Go(func() error {
		defer context.AfterFunc(rest, func() { time.AfterFunc(lastWords, stop) })()
		f.tell(ctx, events, s.last)
		return nil
	})
	all.Go(func() error {
		devices, err := s.start(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			stop()
			return err
		}
		f.line(readyLine(s, devices))
		return nil
	})
	return all.Wait()
}

// tell writes events until there are no more, or the last one has come after ctx ended.
func (f *lineFace) tell(ctx context.Context, events events, last func(*roostv1.Event) bool) {
	palette := f.screen().Palette
	for e, err := range events {
		if err != nil {
			continue
		}
		f.line(console.Line(e, console.Timestamp, palette))
		if ctx.Err() != nil && last(e) {
			return
		}
	}
}

// line writes a line. That nobody takes it any more stops no gateway.
func (f *lineFace) line(s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = fmt.Fprintln(f.Out, s)
}
