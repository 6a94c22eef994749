package main_test

import (
	"os"
	"strings"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestCommandsUsage: what makes no sense is refused before anything is asked of a hub.
func TestCommandsUsage(t *testing.T) {
	for line, want := range map[string]string{
		"set":                            "DEVICE is missing",
		"set pump":                       "RESOURCE=VALUE is missing",
		"set pump speed":                 `argument "speed" is not name=value`,
		"set pump speed=1 speed=":        "resource speed is there twice",
		"set pump --clear a=b":           `--clear "a=b"`,
		"set pump speed=1 --wait -1s":    "--wait -1s is below zero",
		"set pu.mp speed=1":              `device id "pu.mp"`,
		"cancel pump":                    "ID is missing",
		"cancel pump a.b":                `command id "a.b"`,
		"cancel pump c1 --wait 1h":       "--wait 1h0m0s is not between 0 and 5m",
		"command":                        "ID is missing",
		"command c1 c2":                  `unexpected argument "c2"`,
		"command c1 --device a.b":        `device id "a.b"`,
		"command c1 --wait 1h":           "--wait 1h0m0s is not between 0 and 5m",
		"commands a.b":                   `device id "a.b"`,
		"commands --since never":         `--since "never" is neither a duration such as 90m nor a time such as`,
		"commands --since 0s":            "--since 0s is not above zero",
		"commands --state failed,broken": `--state "broken" is none of accepted, queued, dispatched, unknown,`,
		"commands --parent a.b":          `--parent "a.b"`,
		"commands --limit -1":            "--limit -1 is below zero",
	} {
		got := run(t, strings.Fields(line)...)
		if got.code != 64 || got.out != "" || !strings.HasPrefix(got.err, "roost: ") || !strings.Contains(got.err, want) {
			t.Errorf("%s: got %+v, want exit code 64 and %q", line, got, want)
		}
	}
}

// TestHistory: what was sent is on record, whole, until it is asked for; and what was not sent yet can be taken back.
func TestHistory(t *testing.T) {
	i := up(t, "", "--fleet", write(t, pumpFleet(2))).drain()
	follow := start(t, "commands", "--follow", "--hub", i.url)
	i.run("send", "well-0", "set_speed", "rpm=900", "--id", "first", "--reason", "morning", "--sender", "ann@desk")
	i.run("send", "away", "start", "--id", "second", "--queue", "--wait", "10ms")
	followed(t, follow)
	steps := []struct {
		line string
		code int
		want string
	}{
		{"commands", 0, "QUEUED, not yet sent: device away"},
		{"commands well-0", 0, "SUCCEEDED, device acknowledged"},
		{"cancel away second --reason mistyped", 0, "away start: CANCELLED, not sent: "},
		{"cancel away second", 0, "away start: CANCELLED, not sent: "},
		{"cancel well-0 first", 1, "too late: well-0 set_speed rpm=900: SUCCEEDED, device acknowledged\n"},
		{"cancel well-0 third", 1, "not cancelled: there is no command third"},
		{"command second", 1, "CANCELLED"},
		{"command first", 0, "  sent by    ann@desk\n  reason     morning\n"},
		{"command first --device well-0 --wait 1s", 0, "DISPATCHED  gw-1"},
		{"command third", 1, "roost: tell of command: there is no command third"},
		{"commands --state cancelled", 0, "mistyped"},
		{"commands --limit 1", 0, "-- 1 commands before these are not shown; --limit 0 shows them\nACCEPTED"},
		{"commands --parent nothing", 0, "no such commands since 24h0m0s\n"},
		{"commands --since 1h --follow --limit 2", 0, "set_speed rpm=900  ACCEPTED"},
	}
	for _, step := range steps {
		if got := i.run(strings.Fields(step.line)...); got.code != step.code || !strings.Contains(got.out+got.err, step.want) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s%s", step.line, got.code, step.code, step.want, got.out, got.err)
		}
	}
	var ids []string
	for _, r := range parse(t, i.run("commands", "--json"), func() *roostv1.CommandRecord { return &roostv1.CommandRecord{} }) {
		ids = append(ids, r.CommandId)
	}
	if got := strings.Join(ids, " "); got != "first second" {
		t.Errorf("in JSON: got %s", got)
	}
	hub := "--hub=" + i.url
	for want, args := range map[string][]string{
		"second first":          {"command", hub, ""},
		"first":                 {"command", hub, "--device", "well-0", ""},
		"away mute other":       {"cancel", hub, ""},
		"":                      {"cancel", hub, "well-0", ""},
		"accepted queued":       {"commands", "--state", ""},
		"run=true run=false":    {"set", hub, "well-0", "run="},
		"rpm=":                  {"send", hub, "-l", "kind=pump", "set_speed", ""},
		"ack readback reported": {"send", hub, "well-0", "start", "--confirm", ""},
		"tripped=true":          {"send", hub, "well-0", "start", "--if", "tripped="},
	} {
		if got := strings.Join(complete(t, args...), " "); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("complete %q: got %q, want %q", args, got, want)
		}
	}
}

// followed checks that each change is told when it comes, once, until Ctrl-C.
func followed(t *testing.T, p *process) {
	t.Helper()
	p.until(t, "SUCCEEDED: device acknowledged")
	p.until(t, "QUEUED: device away")
	count := 0
	for _, line := range p.seen {
		if strings.Contains(line, "DISPATCHED") && strings.HasSuffix(line, "first") {
			count++
		}
	}
	if count != 1 {
		t.Errorf("got %q", p.seen)
	}
	if code, _ := p.signal(t, os.Interrupt); code != 0 {
		t.Errorf("ended with exit code %d: %s", code, p.errors.String())
	}
}
