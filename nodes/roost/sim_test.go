package main_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
)

// The hardware is a process of its own: it outlives a gateway that is killed, and its log tells
// what both runs of the gateway did.
func TestSimOutlivesTheGateway(t *testing.T) {
	log := filepath.Join(t.TempDir(), "truth.log")
	hardware := start(t, "sim", "--log", log, "--listen", "127.0.0.1:0", "--devices", "3", "--fenced")
	address := strings.Fields(hardware.until(t, "ready "))[1]
	fleet := write(t, run(t, "sim", "fleet", "--listen", address, "--devices", "3").out)
	data := t.TempDir()

	first := up(t, data, "--fleet", fleet)
	if r := first.run("send", "rig-2", "dose", "ml=5"); r.code != 0 {
		t.Fatalf("dose: exit %d, %s%s", r.code, r.out, r.err)
	}
	first.cmd.Process.Kill()
	<-first.drain().ended
	second := up(t, data)
	if r := second.run("send", "rig-2", "dose", "ml=7"); r.code != 0 {
		t.Fatalf("dose after the restart: exit %d, %s%s", r.code, r.out, r.err)
	}
	second.drain()
	if code, _ := hardware.signal(t, syscall.SIGTERM); code != 0 {
		t.Errorf("the hardware ended with %d", code)
	}
	records, err := sim.Load(log)
	if err != nil {
		t.Fatal(err)
	}
	if breaches := sim.OneDriver(records); len(breaches) > 0 {
		t.Errorf("the log shows two drivers: %v", breaches)
	}
	deeds := sim.Deeds(records)
	if len(deeds) != 2 {
		t.Errorf("%d commands reached the hardware, want 2: %v", len(deeds), deeds)
	}
	for deed, done := range deeds {
		if len(done) != 1 || done[0].Device != "rig-2" || done[0].Resource != wire.ResourceDose {
			t.Errorf("%v was done %d times: %v", deed, len(done), done)
		}
	}
}

func TestSimRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		text string
	}{
		"no log":       {[]string{"sim"}, "--log FILE is missing"},
		"no devices":   {[]string{"sim", "--log", "x", "--devices", "0"}, "--devices 0"},
		"not loopback": {[]string{"sim", "--log", filepath.Join(t.TempDir(), "x"), "--listen", "0.0.0.0:0"}, "loopback"},
		"bad prefix":   {[]string{"sim", "--log", filepath.Join(t.TempDir(), "x"), "--prefix", "a b"}, "a b"},
	} {
		if r := run(t, test.args...); r.code == 0 || !strings.Contains(r.err, test.text) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%s: exit %d and %q, want one line with %q", name, r.code, r.err, test.text)
		}
	}
}
