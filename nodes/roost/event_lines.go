package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// mostLines is how many lines may wait to be written: a burst of a large fleet.
const mostLines = 1 << 14

// eventLines writes a line for each event, beside those to whom things happen: they never wait
// for whoever reads the lines.
type eventLines struct {
	out     io.Writer
	palette console.Palette
	queue   chan string
	lost    atomic.Uint64
}

func newEventLines(p program) *eventLines {
	return &eventLines{out: p.Out, palette: p.screen().Palette, queue: make(chan string, mostLines)}
}

// event has an event written.
func (l *eventLines) event(e *roostv1.Event) { l.line(console.Line(e, console.Timestamp, l.palette)) }

// line has a line written.
func (l *eventLines) line(s string) {
	select {
	case l.queue <- s:
	default:
		l.lost.Add(1)
	}
}

// start starts writing. What it returns writes what is left, and stops.
func (l *eventLines) start() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var writing sync.WaitGroup
	writing.Go(func() { l.run(ctx) })
	return func() {
		cancel()
		writing.Wait()
	}
}

func (l *eventLines) run(ctx context.Context) {
	for {
		select {
		case s := <-l.queue:
			l.write(s)
		case <-ctx.Done():
			for {
				select {
				case s := <-l.queue:
					l.write(s)
				default:
					return
				}
			}
		}
	}
}

// write writes a line. That nobody takes it any more stops no gateway.
func (l *eventLines) write(s string) {
	if n := l.lost.Swap(0); n > 0 {
		_, _ = fmt.Fprintf(l.out, "%d lines are left out: they came faster than they were read\n", n)
	}
	_, _ = fmt.Fprintln(l.out, s)
}
