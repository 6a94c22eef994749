package main_test

import (
	"regexp"
	"strings"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sendFleet has a pump that is well, and others that fail in one way each when they are to act.
const sendFleet = `
devices:
  - {id: pump, profile: sim-pump, driver: sim, poll_interval: 1s}
  - {id: away, profile: sim-pump, driver: sim, poll_interval: 1s, address: {fault.open.error: always}}
  - {id: stuck, profile: sim-valve, driver: sim, poll_interval: 1s, address: {stuck: "true"}}
  - {id: mute, profile: sim-pump, driver: sim, poll_interval: 1s, address: {fault.actuate.lost: always}}
  - {id: slow, profile: sim-pump, driver: sim, poll_interval: 1s, address: {fault.actuate.slow: always for 1h}}
`

func TestSend(t *testing.T) {
	i := up(t, "", "--fleet", write(t, sendFleet)).drain()
	const (
		succeeded = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
		rejected  = roostv1.CommandState_COMMAND_STATE_REJECTED
		failed    = roostv1.CommandState_COMMAND_STATE_FAILED
		unknown   = roostv1.CommandState_COMMAND_STATE_UNKNOWN
		queued    = roostv1.CommandState_COMMAND_STATE_QUEUED
		expired   = roostv1.CommandState_COMMAND_STATE_EXPIRED
	)
	tests := []struct {
		line  string
		code  int
		state roostv1.CommandState
		want  string
	}{
		{"pump start", 0, succeeded, "SUCCEEDED, device acknowledged"},
		{"pump set_speed rpm=900", 0, succeeded, "pump set_speed rpm=900: SUCCEEDED"},
		{"pump set speed=1200 run=off --priority high --reason test", 0, succeeded, "SUCCEEDED"},
		{"pump self_test", 0, succeeded, "passed"},
		{"stuck open", 1, failed, "FAILED: "},
		{"away start", 69, rejected, "REJECTED, not sent: "},
		{"away start --queue --wait 500ms", 2, queued, "QUEUED, not yet sent: device away"},
		{"away start --queue --expires 50ms", 1, expired, "EXPIRED, not sent"},
		{"mute dose ml=1 --wait 1s", 2, unknown, "UNKNOWN: "},
		{"slow dose ml=1 --wait 1s", 2, 0, "DISPATCHED, sent: the device has not answered yet"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			args := append([]string{"send"}, strings.Fields(test.line)...)
			if got := i.run(args...); got.code != test.code || !strings.Contains(got.out, test.want) || got.err != "" {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", got.code, test.code, test.want, got.out, got.err)
			}
			if test.state == 0 {
				return // the second one would wait for the first
			}
			got := i.run(append(args, "--json")...)
			if record := commandRecord(t, got); record.State != test.state || record.CommandId == "" || record.DeviceId != args[1] {
				t.Errorf("got the record %v, want the state %v", record, test.state)
			}
			if got.code != test.code {
				t.Errorf("with --json: exit code %d, want %d", got.code, test.code)
			}
		})
	}
}

// TestSendRefused: what a device cannot be told is refused before it is accepted, and leaves no record.
func TestSendRefused(t *testing.T) {
	i := up(t, "").drain()
	for line, want := range map[string]string{
		"pump set_speed rpm=9000":     "rpm = 9000 {rev}/min is above the maximum 3600",
		"pump set_speed rpm=fast":     "rpm = fast is a STRING, not a DOUBLE",
		"pump set_speed":              "argument rpm is missing",
		"pump set_speed rpm=1 ramp=2": "there is no argument ramp; it takes rpm",
		"pump spin":                   "there is no command spin; profile sim-pump has start, stop,",
		"pump set flow=3":             "flow cannot be written",
	} {
		got := i.run(append([]string{"send"}, strings.Fields(line)...)...)
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.err, "roost: not sent: pump: ") || !strings.Contains(got.err, want) {
			t.Errorf("send %s: got %+v, want exit code 1 and %q", line, got, want)
		}
	}
}

// TestSendUsage: what cannot be a command is told from what is refused, and goes nowhere.
func TestSendUsage(t *testing.T) {
	i := up(t, "").drain()
	for line, want := range map[string]string{
		"":                                        "DEVICE is missing",
		"pump":                                    "COMMAND is missing",
		"pump set_speed 900":                      `argument "900" is not name=value`,
		"pump set_speed rpm=1 rpm=2":              "argument rpm is there twice",
		"pump set_speed =2":                       "argument name is empty",
		"pu.mp start":                             `device id "pu.mp"`,
		"pump 7up":                                `command name "7up"`,
		"pump start --id a.b":                     `command id "a.b"`,
		"pump start --priority urgent":            `--priority "urgent" is neither normal nor high`,
		"pump start --wait never":                 "invalid duration",
		"pump start --wait 1h":                    "--wait 1h0m0s is not between 0 and 5m",
		"pump start --expires -1s":                "expires_in",
		"pump start --timeout 0s":                 "--timeout 0s is not above zero",
		"pump start --frobnicate":                 "unknown flag: --frobnicate",
		"pump start --confirm maybe":              `--confirm "maybe" is neither ack nor readback nor reported`,
		"pump start --if run":                     `condition "run" is not resource=value`,
		"pump start --not-before 1h --expires 1s": "not_before",
		"pump start --execution-timeout -1s":      "timeout",
		"pump start --max-in-flight 3":            "--max-in-flight is for --selector and --all",
		"-l kind=pump --all start":                "--all and --selector say different things",
		"-l kind=pump":                            "COMMAND is missing",
		"-l kind start":                           "kind must be formatted as key=value",
		"-l ki.nd:=1 start":                       `selector "ki.nd:"`,
		"-l kind=pump start --max-in-flight 0":    "--max-in-flight 0 is not between 1 and 1000",
		"-l kind=pump start --max-in-flight 9999": "9999 in flight are not between 1 and 1000",
	} {
		got := i.run(append([]string{"send"}, strings.Fields(line)...)...)
		if got.code != 64 || got.out != "" || !strings.HasPrefix(got.err, "roost: ") || !strings.Contains(got.err, want) {
			t.Errorf("send %s: got %+v, want exit code 64 and %q", line, got, want)
		}
	}
	if got := i.run("send", "nobody", "start"); got.code != 1 || got.err != "roost: not sent: there is no device nobody\n" {
		t.Errorf("unknown device: got %+v", got)
	}
}

// TestSendAgain: the same id is the same command, which acts once; with another body it is refused.
func TestSendAgain(t *testing.T) {
	i := up(t, "").drain()
	dose := func(ml string) result { return i.run("send", "pump", "dose", "ml="+ml, "--id", "batch-17", "--json") }
	first, again := commandRecord(t, dose("20")), commandRecord(t, dose("20"))
	if first.CommandId != "batch-17" || !first.FinishedAt.AsTime().Equal(again.FinishedAt.AsTime()) {
		t.Errorf("got\n%v, then\n%v", first, again)
	}
	if got := dose("30"); got.code != 1 || !strings.Contains(got.err, "not sent: command batch-17 for device pump is another one") {
		t.Errorf("with another body: got %+v", got)
	}
	dosed := regexp.MustCompile(`dosed +20 mL`)
	if got := i.run("device", "show", "pump"); !dosed.MatchString(got.out) {
		t.Errorf("the pump did not dose once:\n%s", got.out)
	}
}
