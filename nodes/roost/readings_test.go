package main_test

import (
	"bufio"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// fastFleet has two sensors that are sampled often.
const fastFleet = `
devices:
  - {id: s1, profile: sim-sensor, driver: sim, poll_interval: 20ms}
  - {id: s2, profile: sim-sensor, driver: sim, poll_interval: 20ms}
`

func TestReadings(t *testing.T) {
	i := up(t, "", "--fleet", write(t, fastFleet)).drain()
	live := batches(t, i.run("readings", "s1", "--follow", "--json", "--limit", "50"))
	count := 0
	for _, b := range live {
		count += len(b.Readings)
	}
	if count < 50 {
		t.Errorf("followed 50 readings and got %d", count)
	}
	var complete cluster.Completeness
	for _, b := range batches(t, i.run("readings", "s1", "--json", "--since", "5m")) {
		if b.DeviceId != "s1" || b.Epoch == 0 || b.FirstSequence == 0 || len(b.Readings) == 0 {
			t.Errorf("got the batch %v", b)
		}
		if b.ClockState != roostv1.ClockState_CLOCK_STATE_SYNCED || b.ClockError == nil || b.BootId == "" || b.MonotonicUs <= 0 || time.Since(b.BaseTime.AsTime()).Abs() > time.Minute {
			t.Errorf("base time %v is %s within %v; boot %q, %d us", b.BaseTime.AsTime(), b.ClockState.Word(), b.ClockError.AsDuration(), b.BootId, b.MonotonicUs)
		}
		if _, gap := complete.Observe(b); gap != nil {
			t.Error(gap)
		}
	}
	last := batches(t, i.run("readings", "s1", "--json", "--limit", "3", "--resource", "count"))
	first := len(last[0].Readings)
	for count = 0; len(last) > 0; last = last[1:] {
		for _, r := range last[0].Readings {
			if count++; r.Resource != "count" {
				t.Errorf("got a reading of %s", r.Resource)
			}
		}
	}
	if count < 3 || count-first >= 3 { // a batch is not divided, and on a busy machine it may have several
		t.Errorf("got %d readings, of which %d are in the first batch, want the last batches that have 3", count, first)
	}
	text := i.run("readings", "s1", "--resource", "temperature", "--limit", "4")
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(text.out), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "-- ") // a slow machine leaves polls out
	})
	if len(lines) != 5 || !strings.HasPrefix(lines[0], "TIME ") || !strings.HasSuffix(lines[0], "QUALITY") || !strings.Contains(lines[1], " °C ") || !strings.HasSuffix(lines[1], "good, simulated") {
		t.Errorf("got\n%s", text.out)
	}
}

func TestReadingsRefused(t *testing.T) {
	i := up(t, "", "--fleet", write(t, fastFleet)).drain()
	for line, want := range map[string]struct {
		code int
		text string
	}{
		"":                          {64, "ID is missing"},
		"s1 s2":                     {64, `unexpected argument "s2"`},
		"s.1":                       {64, `device id "s.1"`},
		"s1 --since yesterday":      {64, "invalid duration"},
		"s1 --since 0s":             {64, "--since 0s is not above zero"},
		"s1 --limit -1":             {64, "--limit -1 is below zero"},
		"s1 --resource 7":           {64, `--resource "7"`},
		"s1 --resource rpm":         {1, "device s1 has no resource rpm; roost device show s1 lists what it has"},
		"s3":                        {1, "there is no device s3"},
		"s1 --fleet-name elsewhere": {69, "no such fleet"},
	} {
		got := i.run(append([]string{"readings"}, strings.Fields(line)...)...)
		if got.code != want.code || got.out != "" || !strings.HasPrefix(got.err, "roost: ") || !strings.Contains(got.err, want.text) {
			t.Errorf("readings %s: got %+v, want exit code %d and %q", line, got, want.code, want.text)
		}
	}
}

// TestNoReadings: that there are none is no error, and is said.
func TestNoReadings(t *testing.T) {
	i := up(t, "", "--fleet", write(t, `devices: [{id: away, profile: sim-sensor, driver: sim, address: {fault.open.error: always}}]`)).drain()
	for _, args := range [][]string{{}, {"--limit", "5"}, {"--json"}} {
		got := i.run(append([]string{"readings", "away"}, args...)...)
		said := strings.Contains(got.err, "no readings of away in the last 1h")
		if got.code != 0 || got.out != "" || said != (len(args) == 0 || args[0] != "--json") {
			t.Errorf("%q: got %+v", args, got)
		}
	}
}

// TestFollowEndsWithCtrlC: following is ended by hand, which is no failure.
func TestFollowEndsWithCtrlC(t *testing.T) {
	i := up(t, "", "--fleet", write(t, fastFleet)).drain()
	p := start(t, "readings", "s1", "--follow", "--hub", i.url)
	p.until(t, "temperature")
	if code, _ := p.signal(t, syscall.SIGINT); code != 0 || p.errors.String() != "" {
		t.Errorf("ended with exit code %d: %s", code, p.errors.String())
	}
}

// TestOutputClosed: whoever reads may have had enough.
func TestOutputClosed(t *testing.T) {
	i := up(t, "", "--fleet", write(t, fastFleet)).drain()
	cmd := command(t.Context(), "readings", "s1", "--follow", "--hub", i.url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bufio.NewScanner(out).Scan()
	out.Close()
	if err := cmd.Wait(); err == nil {
		t.Error("it ended as if all had been written")
	}
}
