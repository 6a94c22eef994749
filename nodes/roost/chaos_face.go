package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/console"
)

// chaosLook is how it is told how runs go.
type chaosLook struct {
	progress string
}

func (l *chaosLook) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.progress, "progress", "auto", "how it goes: auto (a line that changes, on a terminal), plain (a line every 5 s) or none")
	_ = cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions([]string{"auto", "plain", "none"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
}

// valid refuses what cannot be looked at.
func (l *chaosLook) valid(cmd *cobra.Command) error {
	switch l.progress {
	case "auto", "plain", "none":
		return nil
	}
	return usage(cmd, "--progress %q is not auto, plain or none", l.progress)
}

// face returns where a run tells how it goes: at the output, unless that is for programs.
func (l *chaosLook) face(p program, forPrograms bool) *chaosFace {
	out := p.Out
	if forPrograms {
		out = p.Err
	}
	screen := p.screen()
	return &chaosFace{out: out, live: l.progress == "auto" && !forPrograms && screen.Terminal, none: l.progress == "none", width: screen.Width}
}

// chaosHead says what is run.
func chaosHead(p *plan.Plan, env []string) string {
	s := p.Settings
	head := fmt.Sprintf("seed %d  scenario %s  plan %s  %d faults  %d hubs, %d gateways, %d devices",
		p.Seed, p.Scenario, p.Digest(), len(p.Entries), s.Hubs, s.Gateways, s.Devices)
	for _, e := range env {
		head += "  " + e
	}
	return head
}

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

// briefFace tells of a run that is one of many only how it stands, and that on a terminal.
type briefFace struct {
	to     *chaosFace
	prefix string
}

// Say tells nothing.
func (f *briefFace) Say(string) {}

// Status tells how it stands.
func (f *briefFace) Status(line string) {
	if f.to.live {
		f.to.Status(f.prefix + line)
	}
}
