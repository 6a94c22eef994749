package main_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	roost "github.com/roost-iot/roost/nodes/roost"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestWorse(t *testing.T) {
	order := []int{0, 69, 1, 130, 2} // from the best to the worst
	for i, better := range order {
		for _, worst := range order[i:] {
			if a, b := roost.Worse(better, worst), roost.Worse(worst, better); a != worst || b != worst {
				t.Errorf("%d and %d: got %d and %d, want %d", better, worst, a, b, worst)
			}
		}
	}
}

// pumpFleet has some pumps that are well, and one each that fails in one way when it is to act.
func pumpFleet(well int) string {
	lines := []string{"devices:"}
	add := func(id, labels, address string) {
		lines = append(lines, fmt.Sprintf("  - {id: %s, profile: sim-pump, driver: sim, poll_interval: 1s, labels: {%s}, address: {%s}}", id, labels, address))
	}
	for i := range well {
		add(fmt.Sprintf("well-%d", i), "kind: pump, site: north", "seed: '1'")
	}
	add("away", "kind: pump", "fault.open.error: always")
	add("mute", "kind: pump", "fault.actuate.lost: always")
	add("other", "kind: none", "seed: '1'")
	return strings.Join(lines, "\n")
}

// TestSendFleet: an outcome for each device with the labels, a summary, and an exit code by the worst.
func TestSendFleet(t *testing.T) {
	i := up(t, "", "--fleet", write(t, pumpFleet(3))).drain()
	got := i.run("send", "-l", "kind=pump,site=north", "set_speed", "rpm=900", "--max-in-flight", "2", "--id", "batch-17")
	want := "\nDEVICES  OUTCOME\n      3  SUCCEEDED, device acknowledged\n"
	if got.code != 0 || !strings.HasPrefix(got.out, "fleet command batch-17, 3 devices\nwell-") || !strings.HasSuffix(got.out, want) || got.err != "" {
		t.Errorf("got %+v", got)
	}
	got = i.run("send", "-l", "kind=pump", "dose", "ml=5", "--wait", "1s")
	for _, want := range []string{"\nwell-1: SUCCEEDED", "\naway: REJECTED, not sent: ", "\n      1  REJECTED, not sent\n", "\n      1  UNKNOWN\n", "\nmute    UNKNOWN: ", "\nTo go on, within the hour: --id "} {
		if got.code != 2 || !strings.Contains(got.out, want) {
			t.Errorf("exit code %d, want 2 and %q:\n%s%s", got.code, want, got.out, got.err)
		}
	}
	if strings.Contains(got.out, "other") {
		t.Errorf("a device without the label was told:\n%s", got.out)
	}
	got = i.run("send", "-l", "site=north", "set_speed", "rpm=9000", "--json")
	records := parse(t, got, func() *roostv1.CommandRecord { return &roostv1.CommandRecord{} })
	for _, r := range records {
		if r.State != 0 || r.Status.GetCode() != roostv1.ErrInvalid || r.Command.ParentId == "" {
			t.Errorf("got %v", r)
		}
	}
	if len(records) != 3 || got.code != 1 {
		t.Errorf("got %d records and exit code %d", len(records), got.code)
	}
	if got := i.run("send", "--all", "self_test", "--wait", "1s"); !strings.Contains(got.out, ", 6 devices\n") || !strings.Contains(got.out, "\nother: SUCCEEDED") {
		t.Errorf("all: got %+v", got)
	}
	if got := i.run("send", "-l", "site=south", "start"); got.code != 1 || !strings.Contains(got.err, "none of the 6 devices has the labels site=south") {
		t.Errorf("got %+v", got)
	}
}

// TestSendFleetInterrupted: after Ctrl-C no more devices are told, and the same id goes on with those that were not.
func TestSendFleetInterrupted(t *testing.T) {
	const devices = 12
	fleet := []string{"devices:"}
	for n := range devices {
		fleet = append(fleet, fmt.Sprintf("  - {id: slow-%02d, profile: sim-pump, driver: sim, poll_interval: 1s, labels: {kind: pump}, address: {fault.actuate.slow: always for 100ms}}", n))
	}
	i := up(t, "", "--fleet", write(t, strings.Join(fleet, "\n"))).drain()
	line := []string{"send", "-l", "kind=pump", "dose", "ml=1", "--id", "batch-18", "--max-in-flight", "1"}
	p := start(t, append(line, "--hub", i.url)...)
	p.until(t, "SUCCEEDED")
	if code, _ := p.signal(t, os.Interrupt); code != 130 {
		t.Errorf("ended with exit code %d", code)
	}
	if got := i.run(append(line, "--max-in-flight", "12")...); got.code != 0 || !strings.Contains(got.out, "     12  SUCCEEDED") {
		t.Errorf("again: got %+v", got)
	}
	for _, d := range devicesOf(t, i, "slow-00", "slow-11") {
		if !strings.Contains(d, "dosed       1 mL") {
			t.Errorf("it did not dose once:\n%s", d)
		}
	}
}

// devicesOf returns what is shown of devices, after they were polled.
func devicesOf(t *testing.T, i *instance, ids ...string) (shown []string) {
	t.Helper()
	for _, id := range ids {
		i.run("readings", id, "--since", "1ms", "--resource", "dosed", "--follow", "--limit", "1")
		shown = append(shown, i.run("device", "show", id).out)
	}
	return shown
}
