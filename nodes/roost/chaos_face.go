package main

import (
	"fmt"
	"io"
	"time"

	"github.com/roost-iot/roost/nodes/console"
)

// statusEvery is how often how it stands is told where there is no line that changes.
const statusEvery = 5 * time.Second

// chaosFace tells how a run goes: on a terminal in a last line that changes, elsewhere now and then in a line of
// its own.
type chaosFace struct {
	out   io.Writer
	live  bool
	none  bool
	width int
	shown bool // the last line of the terminal is how it stands
	last  time.Time
}

// Say tells of something that has happened.
func (f *chaosFace) Say(line string) {
	if f.none {
		return
	}
	f.clear()
	_, _ = fmt.Fprintln(f.out, console.Clean(line)) // that nobody reads it stops no run
}

// Status tells how it stands.
func (f *chaosFace) Status(line string) {
	switch {
	case f.none:
	case f.live:
		line = console.Clean(line)
		if f.width > 0 {
			line = console.Cut(line, f.width-1)
		}
		_, _ = fmt.Fprint(f.out, "\r"+line+"\x1b[K")
		f.shown = true
	case time.Since(f.last) >= statusEvery:
		f.last = time.Now()
		f.Say(line)
	}
}

func (f *chaosFace) clear() {
	if f.shown {
		_, _ = fmt.Fprint(f.out, "\r\x1b[K")
		f.shown = false
	}
}

// end leaves the terminal as it was.
func (f *chaosFace) end() { f.clear() }
