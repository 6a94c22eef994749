package main

import (
	"os"

	"golang.org/x/term"

	"github.com/roost-iot/roost/nodes/live"
)

// terminal returns the terminal that somebody sits at; false if input or output is none, or one that
// can only print.
func (p program) terminal() (live.Terminal, bool) {
	in, inOK := p.In.(*os.File)
	out, outOK := p.Out.(*os.File)
	if !inOK || !outOK || p.Getenv("TERM") == "dumb" {
		return live.Terminal{}, false
	}
	t := live.Terminal{In: in, Out: out}
	return t, term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))
}
