package main_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/live/livetest"
	roost "github.com/roost-iot/roost/nodes/roost"
)

// TestFitStatus: what is left out first is what is least missed, and how many violations there are is seen to the end.
func TestFitStatus(t *testing.T) {
	const line = "00:23 FAULTS    kill gw-2(#3)  served 47/50  ok 198/s unknown 2 failed 0  owners gw-1:17 gw-3:30  max gap 2.1s  violations 4"
	for width, want := range map[int]string{
		0:   line,
		200: line,
		110: strings.Replace(line, "owners gw-1:17 gw-3:30  ", "", 1),
		86:  "00:23 FAULTS    kill gw-2(#3)  served 47/50  ok 198/s unknown 2 failed 0  violations 4",
		80:  "00:23 FAULTS    kill gw-2(#3)  served 47/50  violations 4",
		20:  "00:23 FAULTS    kil…",
	} {
		if got := roost.FitStatus(line, width); got != want {
			t.Errorf("in %d columns: %q", width, got)
		}
	}
}

// TestChaosOnTerminal: one line says how it stands, and is gone when the run is; Ctrl-C undoes all.
func TestChaosOnTerminal(t *testing.T) {
	terminal := livetest.Open(t, 150, 30)
	cmd := onTerminal(t, terminal, nil, chaosArgs(t.TempDir(), "--scenario", "pause", "--seed", "1", "--no-color")...)
	terminal.Until(t, "pause gw-")
	for _, want := range []string{" FAULTS ", "(#1)  served ", "/12  ok ", "owners gw-1:", "max gap ", "violations 0\x1b[K"} {
		terminal.Until(t, want)
	}
	terminal.Type(t, "\x03")
	_ = cmd.Wait() // its exit code is looked at below
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	if text := terminal.Text(); strings.Contains(text, "\x1b[3") || !strings.Contains(text, "\r\x1b[K") {
		t.Errorf("it has colours, or the line stays: %q", text)
	}
}
