package live_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/roost-iot/roost/nodes/live"
	"github.com/roost-iot/roost/nodes/live/livetest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// show shows a board and returns what comes of it.
func show(ctx context.Context, t *livetest.Terminal, b *live.Board) chan error {
	done := make(chan error, 1)
	go func() {
		done <- live.Show(ctx, live.Terminal{In: t.File, Out: t.File}, b, live.View{Title: "a fleet", Hint: "q quits"})
	}()
	return done
}

// TestTerminalIsLeftAsItWas: whether somebody quits or the program is stopped.
func TestTerminalIsLeftAsItWas(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *livetest.Terminal, context.CancelFunc){
		"q":       func(t *testing.T, p *livetest.Terminal, _ context.CancelFunc) { p.Type(t, "q") },
		"Ctrl-C":  func(t *testing.T, p *livetest.Terminal, _ context.CancelFunc) { p.Type(t, "\x03") },
		"stopped": func(_ *testing.T, _ *livetest.Terminal, stop context.CancelFunc) { stop() },
	} {
		t.Run(name, func(t *testing.T) {
			terminal := livetest.Open(t, 80, 24)
			before, err := term.GetState(int(terminal.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			done := show(ctx, terminal, board())
			terminal.Until(t, "q quits")
			end(t, terminal, stop)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			terminal.Until(t, "\x1b[?25h\x1b[?1049l")
			after, err := term.GetState(int(terminal.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			if *before != *after {
				t.Errorf("the terminal is %+v, was %+v", after, before)
			}
		})
	}
}

// TestShowFollows: what changes on the board, and what is scrolled to, comes to the screen.
func TestShowFollows(t *testing.T) {
	terminal := livetest.Open(t, 80, 12)
	b := live.NewBoard()
	done := show(t.Context(), terminal, b)
	terminal.Until(t, "0 devices")
	var many []*roostv1.DeviceStatus
	for i := range 30 {
		many = append(many, status(fmt.Sprintf("d%02d", i), roostv1.DeviceState_DEVICE_STATE_ONLINE))
	}
	b.Devices(many, now)
	terminal.Until(t, "30 devices")
	if strings.Contains(terminal.Text(), "d29") {
		t.Error("the last device is seen before it was scrolled to")
	}
	terminal.Type(t, "\x1b[B\x1b[Bjk \x1b[6~G")
	terminal.Until(t, "d29")
	terminal.Type(t, "gq")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestShowNeedsTerminal: what is no terminal is refused, and not written to.
func TestShowNeedsTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	err = live.Show(t.Context(), live.Terminal{In: r, Out: w}, board(), live.View{})
	if !errors.Is(err, unix.ENOTTY) {
		t.Errorf("got %v, want ENOTTY", err)
	}
}
