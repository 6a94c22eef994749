package main_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// ailment is a line of roost doctor --json.
type ailment struct{ Check, State, Seen, Mend string }

func ailments(t *testing.T, r result) map[string]ailment {
	t.Helper()
	all := map[string]ailment{}
	for line := range strings.Lines(r.out) {
		var a ailment
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all[a.Check] = a
	}
	return all
}

// TestDoctor: the exit code is that of the worst, for people and for scripts.
func TestDoctor(t *testing.T) {
	i := up(t, "").drain()
	data := t.TempDir()
	found := ailments(t, i.run("doctor", "--json", "--data", data))
	for check, a := range found {
		slow := check == "link" || check == "writes" || check == "disk" // as a machine that is busy may be
		if a.State != "ok" && !slow || a.Seen == "" {
			t.Errorf("%s: %+v", check, a)
		}
	}
	got := i.run("doctor", "--timeout", "30s")
	if got.code != 0 && !strings.Contains(got.out, "L/8") || got.err != "" || !strings.Contains(got.out, "hub version  nats-server 2.") {
		t.Errorf("a fleet that is well: %+v", got)
	}
	if len(found) < 18 {
		t.Errorf("%d checks", len(found))
	}
	got = run(t, "doctor", "--hub", "nats://127.0.0.1:1", "--json")
	if found := ailments(t, got); got.code != 4 || found["hub"].State != "unsafe" || found["hub"].Mend == "" || found["streams"].State != "unknown" {
		t.Errorf("without a hub: %+v", got)
	}
	for _, line := range []string{"--timeout 0s", "--timeout -1s", "--fleet-name a.b", "pump"} {
		if got := i.run(append([]string{"doctor"}, strings.Fields(line)...)...); got.code != 64 || got.out != "" {
			t.Errorf("doctor %s: %+v", line, got)
		}
	}
}

// TestDoctorWarns: what works, and should be mended, has a code of its own.
func TestDoctorWarns(t *testing.T) {
	i := up(t, "", "--fleet", write(t, `
devices:
  - id: broken
    profile: sim-sensor
    driver: sim
    address: {fault.open.error: always}
    supervision: {max_failures: 1, base_delay: 1ms, probe_interval: 1h}
`))
	i.until(t, "broken      quarantined: ")
	got := i.drain().run("doctor")
	if got.code != 3 || !strings.Contains(got.out, "1 in quarantine: broken\n") || !strings.Contains(got.out, "mend: see what is wrong with roost why broken, then roost device release broken\n") {
		t.Errorf("got %+v", got)
	}
}
