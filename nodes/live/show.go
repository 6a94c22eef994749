package live

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/muesli/cancelreader"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"
)

// frameInterval is between two frames: often enough to see what moves, seldom enough to be read.
const frameInterval = 250 * time.Millisecond

// Terminal is where a board is shown.
type Terminal struct {
	In  *os.File
	Out *os.File
}

// Show draws the board on a terminal until ctx ends or somebody quits with q, Ctrl-C or
// Escape; then it leaves the terminal as it was. The view's size is the terminal's.
func Show(ctx context.Context, t Terminal, board *Board, v View) (err error) {
	in, err := cancelreader.NewReader(t.In)
	if err != nil {
		return fmt.Errorf("read the keyboard: %w", err)
	}
	defer in.Close()
	before, err := term.MakeRaw(int(t.In.Fd()))
	if err != nil {
		return fmt.Errorf("take over the terminal: %w", err)
	}
	defer func() {
		if restored := term.Restore(int(t.In.Fd()), before); err == nil && restored != nil {
			err = fmt.Errorf("give the terminal back: %w", restored)
		}
	}()
	s := &show{out: t.Out, board: board, view: v, keys: make(chan key)}
	ctx, cancel := context.WithCancel(ctx)
	var all errgroup.Group
	all.Go(func() error {
		readKeys(ctx, in, s.keys)
		return nil
	})
	all.Go(func() error {
		defer in.Cancel()
		defer cancel()
		return s.run(ctx)
	})
	return all.Wait()
}

// Control sequences that every terminal of the last decades knows; those of a synchronised update are
// left out by those that do not.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l" // other screen, no cursor, no wrapping
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	beginFrame  = "\x1b[?2026h\x1b[H"
	clearLine   = "\x1b[2K" // before a line is written: after it, the last column would go too
	nextLine    = "\r\n"
	clearRest   = "\x1b[J"
	endFrame    = "\x1b[?2026l"
)

// show draws.
type show struct {
	out   *os.File
	board *Board
	view  View
	keys  chan key
	most  int // that the view can be scrolled
	shown []byte
}

func (s *show) run(ctx context.Context) error {
	if _, err := s.out.WriteString(enterScreen); err != nil {
		return err
	}
	defer s.out.WriteString(leaveScreen)
	ticker := time.NewTicker(frameInterval)
	defer ticker.Stop()
	for {
		if err := s.draw(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case k := <-s.keys:
			if k == quit {
				return nil
			}
			s.view.Scroll = scrolled(s.view.Scroll, k, max(s.view.Height/2, 1), s.most)
		}
	}
}

// draw draws a frame, unless it looks like the one before.
func (s *show) draw() error {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil {
		return fmt.Errorf("measure the terminal: %w", err)
	}
	if width < 1 || height < 1 { // one that does not know its size
		width, height = 80, 24
	}
	s.view.Width, s.view.Height = width, height
	var lines []string
	lines, s.most = s.board.Frame(s.view, time.Now())
	s.view.Scroll = min(s.view.Scroll, s.most)
	frame := []byte(beginFrame)
	for _, line := range lines[:len(lines)-1] {
		frame = append(frame, clearLine+line+nextLine...)
	}
	frame = append(frame, clearRest+lines[len(lines)-1]+endFrame...)
	if bytes.Equal(frame, s.shown) {
		return nil
	}
	s.shown = frame
	_, err = s.out.Write(frame)
	return err
}
