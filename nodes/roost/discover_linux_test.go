package main_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/fleetfile"
	"github.com/roost-iot/roost/nodes/live/livetest"
)

// TestDiscoverOnTerminal: how far it is, is a line that changes and goes, and with Ctrl-C the terminal has a fleet file.
func TestDiscoverOnTerminal(t *testing.T) {
	port := modbusPort(t, func(byte) {})
	terminal := livetest.Open(t, 100, 40)
	cmd := onTerminal(t, terminal, nil, "discover", "modbus", "127.0.0.1", "--port", port, "--unit", "1-200", "--reply", "100ms", "--pause", "0s")
	terminal.Until(t, "\r5 of 200 units asked  2 found\x1b[K")
	terminal.Type(t, "\x03")
	err := cmd.Wait()
	if code := exitCode(t, err); code != 130 {
		t.Errorf("exit code %d", code)
	}
	terminal.Until(t, "roost: interrupted")
	said := terminal.Text()
	if !strings.Contains(said, "\r\x1b[Kfound 127.0.0.1:"+port+" unit 2: ") {
		t.Errorf("what was found stands in the line that changes: %q", said)
	}
	_, file, _ := strings.Cut(said, "# Found by ")
	file, _, _ = strings.Cut(file, "roost: interrupted")
	file = "# " + strings.ReplaceAll(regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`).ReplaceAllString(file, ""), "\r", "")
	if fleet, err := fleetfile.Parse("printed", []byte(file)); err != nil || len(fleet.Devices) != 2 {
		t.Errorf("the file: %v\n%s", err, file)
	}
}
