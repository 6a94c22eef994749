package main_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	roost "github.com/roost-iot/roost/nodes/roost"
)

// TestSelftestRefuses: what is wrong about the command line is told before anything is tried, and a program that has no
// mutants says how one is built that has.
func TestSelftestRefuses(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--mutants", "no-such-mutant"}, 64, `there is no mutant "no-such-mutant": there are no-fence`},
		{[]string{"--mutants", ""}, 64, "it names none"},
		{[]string{"--mutants", "no-fence", "--quick"}, 64, "quick"},
		{[]string{"--seeds", "0"}, 64, "--seeds 0 is not from 1 to 5"},
		{[]string{"--seeds", "6"}, 64, "--seeds 6"},
		{[]string{"--duration", "0s"}, 64, "--duration 0s"},
		{[]string{"--progress", "loud"}, 64, "--progress"},
		{[]string{"more"}, 64, "more"},
	} {
		r := run(t, append([]string{"chaos", "selftest", "--report", t.TempDir()}, test.args...)...)
		if r.code != test.code || !strings.Contains(r.err, test.says) {
			t.Errorf("%q: %+v", test.args, r)
		}
	}
	if roost.WithMutants {
		return
	}
	if r := run(t, "chaos", "selftest", "--quick", "--report", t.TempDir()); r.code != 3 || !strings.Contains(r.err, "go build -tags mutants,failpoints -o roost ./nodes/roost") {
		t.Errorf("without mutants: %+v", r)
	}
}

// needMutants skips a test of a program that cannot be broken.
func needMutants(t *testing.T) {
	t.Helper()
	if !roost.WithMutants {
		t.Skip(`the program has no mutants compiled in: go test -tags "mutants failpoints"`)
	}
}

// TestUnknownMutantIsRefused: a process that is to be broken in a way that it does not know does not start, so that it is not
// taken for one that is broken; nor is a self-test made by a program that is broken itself.
func TestUnknownMutantIsRefused(t *testing.T) {
	needMutants(t)
	gateway := []string{"gateway", "--id", "gw-1", "--hub", "nats://127.0.0.1:1", "--data", t.TempDir()}
	if r := runIn(t, []string{"ROOST_MUTANT=no-fense"}, gateway...); r.code != 64 || !strings.Contains(r.err, `ROOST_MUTANT: there is no mutant "no-fense"`) {
		t.Errorf("a gateway: %+v", r)
	}
	if r := runIn(t, []string{"ROOST_MUTANT=no-fence"}, "chaos", "selftest", "--quick"); r.code != 64 || !strings.Contains(r.err, "unset it") {
		t.Errorf("a self-test: %+v", r)
	}
}

// TestSelftestInterrupted: Ctrl-C in the middle of a run ends it and the whole, and leaves no process.
func TestSelftestInterrupted(t *testing.T) {
	needMutants(t)
	below := t.TempDir()
	p := start(t, "chaos", "selftest", "--quick", "--report", below)
	p.untilWithin(t, 3*longest, "QUIET")
	code, took := p.signal(t, syscall.SIGINT)
	if code != 130 || took > longest+time.Second {
		t.Errorf("exit code %d after %v: %s", code, took, p.errors.String())
	}
	found, err := filepath.Glob(filepath.Join(below, "*-selftest", "*", "plan.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("runs %v, %v", found, err)
	}
	nothingLeft(t, filepath.Dir(found[0]))
}
