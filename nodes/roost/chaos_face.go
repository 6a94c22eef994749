package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/console"
)

// chaosLook is how it is told how runs go.
type chaosLook struct {
	progress string
	noColor  bool
}

func (l *chaosLook) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.progress, "progress", "auto", "how it goes: auto (a line that changes, on a terminal), plain (a line every 5 s) or none")
	cmd.Flags().BoolVar(&l.noColor, "no-color", false, "no colours, as with NO_COLOR in the environment")
	_ = cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions([]string{"auto", "plain", "none"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
}

// valid refuses what cannot be looked at.
func (l *chaosLook) valid(cmd *cobra.Command) error {
	switch l.progress {
	case "auto", "plain", "none":
		return nil
	}
	return usage(cmd, "--progress %.20q is not auto, plain or none", l.progress)
}

// screenOf is what an output can do, and may.
func (l *chaosLook) screenOf(p program, out io.Writer) console.Screen {
	s := console.NewScreen(out, p.Getenv)
	s.Palette = s.Palette && console.Palette(!l.noColor)
	return s
}

// face returns where a run tells how it goes: at the output, unless that is for programs.
func (l *chaosLook) face(p program, forPrograms bool) *chaosFace {
	out := p.Out
	if forPrograms {
		out = p.Err
	}
	f := &chaosFace{screen: func() console.Screen { return l.screenOf(p, out) }, none: l.progress == "none"}
	f.live = l.progress == "auto" && !forPrograms && f.screen().Terminal && p.Getenv("TERM") != "dumb"
	return f
}

// chaosHead says what is run.
func chaosHead(p *plan.Plan, env []string) string {
	head := fmt.Sprintf("seed %d  scenario %s  plan %s  %s  %s", p.Seed, p.Scenario, p.Digest(), plan.Count(len(p.Entries), "fault"), p.Settings.Size())
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
	screen func() console.Screen // as wide as it is at present
	live   bool
	none   bool
	shown  bool // the last line of the terminal is how it stands
	last   time.Time
}

// Say tells of something that has happened.
func (f *chaosFace) Say(line string) {
	if f.none {
		return
	}
	f.clear()
	screen, line := f.screen(), console.Clean(line)
	if strings.Contains(line, violationMark) {
		line = screen.Paint(console.Bad, line)
	}
	_, _ = fmt.Fprintln(screen, line) // that nobody reads it stops no run
}

// violationMark is in a line that tells of a violation.
const violationMark = " VIOLATION "

// Status tells how it stands.
func (f *chaosFace) Status(line string) {
	switch {
	case f.none:
	case f.live:
		screen := f.screen()
		_, _ = fmt.Fprint(screen, "\r"+fitStatus(line, screen.Width-1)+"\x1b[K")
		f.shown = true
	case time.Since(f.last) >= statusEvery:
		f.last = time.Now()
		f.Say(line)
	}
}

// spare are the parts of a status line that are left out first where there is no room.
var spare = []string{"owners ", "max gap ", "ok "}

// fitStatus makes a status line as wide as there is room for; with a width that is not known it stays. Its parts have two
// spaces between them.
func fitStatus(line string, width int) string {
	line = console.Clean(line)
	for _, part := range spare {
		if width <= 0 || len([]rune(line)) <= width {
			return line
		}
		line = strings.Join(slices.DeleteFunc(strings.Split(line, "  "), func(s string) bool { return strings.HasPrefix(s, part) }), "  ")
	}
	if width <= 0 {
		return line
	}
	return console.Cut(line, width)
}

func (f *chaosFace) clear() {
	if f.shown {
		_, _ = fmt.Fprint(f.screen(), "\r\x1b[K")
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
