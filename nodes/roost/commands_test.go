package main_test

import (
	"strings"
	"testing"
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
