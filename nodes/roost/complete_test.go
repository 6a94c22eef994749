package main_test

import (
	"strings"
	"testing"
	"time"
)

// complete returns the words that the shell is offered.
func complete(t *testing.T, args ...string) []string {
	t.Helper()
	var words []string
	for line := range strings.Lines(run(t, append([]string{"__complete"}, args...)...).out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if !strings.HasPrefix(word, ":") { // what the shell is to do with them
			words = append(words, word)
		}
	}
	return words
}

func TestCompletion(t *testing.T) {
	i := up(t, "").drain()
	hub := "--hub=" + i.url
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"send", hub, ""}, "cellar host pump thermostat valve"},
		{[]string{"readings", hub, ""}, "cellar host pump thermostat valve"},
		{[]string{"readings", hub, "pump", ""}, ""},
		{[]string{"device", "lock", hub, ""}, "cellar host pump thermostat valve"},
		{[]string{"send", hub, "valve", ""}, "open close set_position open_by free set"},
		{[]string{"send", hub, "pump", "set_speed", ""}, "rpm="},
		{[]string{"send", hub, "pump", "set_speed", "rpm=1", ""}, ""},
		{[]string{"send", hub, "thermostat", "set_mode", "mode="}, "mode=heat mode=off"},
		{[]string{"send", hub, "pump", "set", "run="}, "run=true run=false"},
		{[]string{"readings", hub, "thermostat", "--resource", ""}, "temperature setpoint mode heating"},
		{[]string{"readings", hub, "nobody", "--resource", ""}, ""},
		{[]string{"send", hub, "pump", "start", "--priority", ""}, "normal high"},
		{[]string{"devices", hub, ""}, ""},
		{[]string{"why", hub, ""}, "cellar host pump thermostat valve"},
		{[]string{"why", hub, "pump", ""}, ""},
		{[]string{"gateway", "drain", hub, ""}, "gw-1"},
		{[]string{"gateway", "drain", hub, "gw-1", ""}, ""},
		{[]string{"gateway", ""}, "drain"},
		{[]string{"device", ""}, "add lock release retire show unlock"},
	}
	for _, test := range tests {
		if got := strings.Join(complete(t, test.args...), " "); got != test.want {
			t.Errorf("%q: got %q, want %q", test.args, got, test.want)
		}
	}
}

// TestCompletionWithoutHub: a shell does not wait long for words that are not to be had.
func TestCompletionWithoutHub(t *testing.T) {
	began := time.Now()
	if got := complete(t, "send", "--hub=nats://192.0.2.1:4222", ""); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := run(t, "completion", shell); got.code != 0 || !strings.Contains(got.out, "roost") {
			t.Errorf("%s: exit code %d: %s", shell, got.code, got.err)
		}
	}
}
