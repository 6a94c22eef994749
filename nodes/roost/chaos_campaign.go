package main

import (
	"fmt"
	"io"

	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// fairPauses is after how many pauses of gateways of fenced devices one should have left something for a device to refuse.
const fairPauses = 20

// chaosCampaign is what several runs have shown together.
type chaosCampaign struct {
	runs, passed, failed, skipped int
	pauses, refused               int
}

func (c *chaosCampaign) add(report *chaos.Report) {
	if report == nil {
		return
	}
	p, f, s := report.Counts()
	c.runs, c.passed, c.failed, c.skipped = c.runs+1, c.passed+p, c.failed+f, c.skipped+s
	pauses, refused := report.FenceTried()
	c.pauses, c.refused = c.pauses+pauses, c.refused+refused
}

// vacuous says what all runs together have not tried; empty: nothing.
func (c *chaosCampaign) vacuous() string {
	if c.pauses < fairPauses || c.refused > 0 {
		return ""
	}
	return fmt.Sprintf("vacuous: gateways of fenced devices were paused %d times, and no device has refused a stale attempt", c.pauses)
}

// tell tells what there is to be told of all runs. The last line is the one that CI systems read.
func (c *chaosCampaign) tell(out io.Writer) {
	fmt.Fprintln(out)
	if c.pauses > 0 {
		fmt.Fprintf(out, "all runs: %d pauses of gateways of fenced devices, %d %s\n", c.pauses, c.refused, chaos.StaleRefused)
	}
	if text := c.vacuous(); text != "" {
		fmt.Fprintf(out, "UNKNOWN: %s\n", text)
	}
	fmt.Fprintf(out, "all runs: %d passed, %d failed, %d skipped\n", c.passed, c.failed, c.skipped)
}

// outcome gives the campaign its exit code; that of a single run counts if it is worse.
func (c *chaosCampaign) outcome() error {
	if c.vacuous() == "" {
		return nil
	}
	return &exit{code: chaos.ExitUnknown}
}
