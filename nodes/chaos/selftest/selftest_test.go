package selftest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
	"github.com/roost-iot/roost/nodes/chaos/selftest"
)

// story is what a run is made to find.
type story struct {
	clauses []string // that are violated
	held    []string // checkers that find nothing
	verdict check.Verdict
	silent  bool // no process says that it was broken
	fails   bool // it cannot be made
	busy    bool // the machine has other things to do
}

// stage makes runs up: those of a mutant by seed, and all of the clean build alike.
type stage struct {
	t      *testing.T
	broken map[uint64]story
	clean  story
	ran    []string
	busy   bool // the last run was
}

func (s *stage) meter() func() time.Duration {
	return func() time.Duration {
		if s.busy {
			return time.Second
		}
		return 0
	}
}

func (s *stage) run(_ context.Context, cfg chaos.Config) (*chaos.Report, error) {
	mutant, _ := strings.CutPrefix(cfg.Env[len(cfg.Env)-1], selftest.Env+"=")
	s.ran = append(s.ran, fmt.Sprintf("%s %d", mutant, cfg.Plan.Seed))
	tale := s.clean
	if mutant != "" {
		tale = s.broken[cfg.Plan.Seed]
	}
	s.busy = tale.busy
	if tale.fails {
		return nil, fmt.Errorf("%w: no ports", chaos.ErrSetup)
	}
	logs := filepath.Join(cfg.Folder, "nodes", "logs")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		s.t.Fatal(err)
	}
	said := "level=INFO msg=joined\n"
	if mutant != "" && !tale.silent {
		said += "mutant " + mutant + " acted\n"
	}
	if err := os.WriteFile(filepath.Join(logs, "gw-1.1.err"), []byte(said), 0o600); err != nil {
		s.t.Fatal(err)
	}
	report := &chaos.Report{Verdict: tale.verdict, Reason: "as it was made up"}
	for _, clause := range tale.clauses {
		report.Checkers = append(report.Checkers, check.Result{Violations: []check.Violation{{Clause: clause}}})
	}
	for _, id := range tale.held {
		report.Checkers = append(report.Checkers, check.Result{ID: id, Verdict: check.Held, Examined: 1})
	}
	return report, nil
}

var (
	held    = story{verdict: check.Held}
	unknown = story{verdict: check.Unknown}
)

func violated(clauses ...string) story { return story{clauses: clauses, verdict: check.Violated} }

// TestMatrix: what a self-test says, and by which exit code, of mutants that are caught, missed, not tried or not judged, and
// of a clean build that is accused.
func TestMatrix(t *testing.T) {
	for _, c := range []struct {
		name   string
		broken map[uint64]story
		clean  story
		exit   int
		ran    string // mutant and clean runs by seed
		says   []string
	}{
		{"caught at once", map[uint64]story{1: violated("C6b")}, held, 0, "m 1, 1",
			[]string{"caught by C6b, seed 1", "not accused", "2 passed, 0 failed, 0 skipped"}},
		{"caught by any clause of a checker", map[uint64]story{1: violated("C12", "C6e")}, held, 0, "m 1, 1", []string{"caught by C6e"}},
		{"caught at the second seed", map[uint64]story{1: held, 2: violated("C4'")}, held, 0, "m 1, m 2, 1, 2",
			[]string{"caught by C4', seed 2", "3 passed, 0 failed, 0 skipped"}},
		{"missed", map[uint64]story{1: held, 2: held}, held, 1, "m 1, m 2, 1, 2",
			[]string{"m: missed: seed 2: nothing was found, and not C4' or C6", "2 passed, 1 failed, 0 skipped"}},
		{"another checker", map[uint64]story{1: violated("C4", "C60"), 2: violated("C3")}, held, 1, "m 1, m 2, 1, 2",
			[]string{"missed: seed 2: only C3", "MISSED"}},
		{"never acted", map[uint64]story{1: {verdict: check.Held, silent: true}, 2: {verdict: check.Held, silent: true}}, held, 2, "m 1, m 2, 1, 2",
			[]string{"m: not tried: no process came to be broken", "2 passed, 0 failed, 1 skipped"}},
		{"a violation that is not the mutant's", map[uint64]story{1: {clauses: []string{"C6b"}, verdict: check.Violated, silent: true}, 2: {verdict: check.Held, silent: true}}, held, 2,
			"m 1, m 2, 1, 2", []string{"not tried"}},
		{"cannot be made", map[uint64]story{1: {fails: true}, 2: {fails: true}}, held, 2, "m 1, m 2, 1, 2", []string{"m: unclear: seed 2: the run could not be made: no ports"}},
		{"once it cannot be made", map[uint64]story{1: {fails: true}, 2: violated("C6a")}, held, 0, "m 1, m 2, 1, 2", []string{"caught by C6a, seed 2"}},
		{"late", map[uint64]story{1: violated("C6b")}, violated("C7", "C7b"), 1, "m 1, 1, 1",
			[]string{"it is tried once more, for it was late", "ACCUSED by C7, C7b", "1 passed, 1 failed, 0 skipped"}},
		{"late on a busy machine", map[uint64]story{1: violated("C6b")}, story{clauses: []string{"C7", "C5b", "C8b"}, verdict: check.Violated, busy: true}, 1, "m 1, 1, 1",
			[]string{"it is tried once more, for it was late", "ACCUSED by C7, C5b, C8b", "1 passed, 1 failed, 0 skipped"}}, // the checkers have excused what there is to excuse
		{"accused on a busy machine", map[uint64]story{1: violated("C6b")}, story{clauses: []string{"C7", "C5"}, verdict: check.Violated, busy: true}, 1, "m 1, 1",
			[]string{"ACCUSED by C7, C5"}},
		{"accused", map[uint64]story{1: violated("C6b")}, violated("C7", "C1"), 1, "m 1, 1",
			[]string{"ACCUSED by C7, C1", "the clean build under pause, seed 1: accused: as it was made up", "1 passed, 1 failed, 0 skipped"}},
		{"clean cannot be told", map[uint64]story{1: violated("C6b")}, unknown, 2, "m 1, 1, 1", []string{"UNKNOWN", "1 passed, 0 failed, 1 skipped"}},
		{"clean cannot be told, except by the checker that caught", map[uint64]story{1: violated("C6b")},
			story{verdict: check.Unknown, held: []string{"C6", "C9"}}, 0, "m 1, 1", []string{"not accused", "2 passed, 0 failed, 0 skipped"}},
		{"clean tried nothing", map[uint64]story{1: violated("C6b")}, story{verdict: check.Unknown, held: []string{"C6"}}, 2, "m 1, 1, 1", []string{"UNKNOWN"}},
		{"clean cannot be told by the checker that caught", map[uint64]story{1: violated("C6b")},
			story{verdict: check.Unknown, held: []string{"C4", "C9"}}, 2, "m 1, 1, 1", []string{"UNKNOWN"}},
		{"clean is late on a busy machine, though the checker that caught finds nothing", map[uint64]story{1: violated("C6b")},
			story{clauses: []string{"C7"}, verdict: check.Violated, busy: true, held: []string{"C6", "C9"}}, 1, "m 1, 1, 1", []string{"ACCUSED by C7"}},
		{"caught on a busy machine by what is no matter of time", map[uint64]story{1: {clauses: []string{"C6b", "C7"}, verdict: check.Violated, busy: true}}, held, 0, "m 1, 1",
			[]string{"caught by C6b, seed 1", "2 passed, 0 failed, 0 skipped"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stage{t: t, broken: c.broken, clean: c.clean}
			said, matrix := s.selfTest(t)
			if got := strings.Join(s.ran, ", "); got != expand(c.ran) {
				t.Errorf("it ran %q, and not %q", got, expand(c.ran))
			}
			if matrix.Exit() != c.exit {
				t.Errorf("exit code %d, and not %d", matrix.Exit(), c.exit)
			}
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q:\n%s", want, said)
				}
			}
		})
	}
}

// expand writes the clean build as Run does: without a name.
func expand(ran string) string {
	var all []string
	for _, one := range strings.Split(ran, ", ") {
		if !strings.HasPrefix(one, "m ") {
			one = " " + one
		}
		all = append(all, one)
	}
	return strings.Join(all, ", ")
}

// example is a mutant that there is not.
func example() selftest.Mutant {
	return selftest.Mutant{
		Name: "m", Breaks: "nothing in particular", Scenario: "pause", Seeds: []uint64{1, 2}, Duration: 5 * time.Second, By: []string{"C4'", "C6"},
	}
}

func (s *stage) selfTest(t *testing.T) (string, *selftest.Matrix) {
	t.Helper()
	var said strings.Builder
	matrix, err := selftest.Run(t.Context(), selftest.Config{
		Mutants: []selftest.Mutant{example()}, Folder: t.TempDir(), Face: face{&said}, Run: s.run, Meter: s.meter,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := matrix.Summary(&said); err != nil {
		t.Fatal(err)
	}
	return said.String(), matrix
}

type face struct{ to *strings.Builder }

func (f face) Say(line string) { f.to.WriteString(line + "\n") }
func (f face) Status(string)   {}

// TestLateIsNoCatch: on a machine that is busy with other things a sound program would be late, too.
func TestLateIsNoCatch(t *testing.T) {
	m := example()
	m.By = []string{"C7"}
	for busy, want := range map[bool]selftest.Outcome{false: selftest.Caught, true: selftest.Unclear} {
		late := story{clauses: []string{"C7"}, verdict: check.Violated, busy: busy}
		s := &stage{t: t, broken: map[uint64]story{1: late, 2: late}, clean: held}
		matrix, err := selftest.Run(t.Context(), selftest.Config{
			Mutants: []selftest.Mutant{m}, Folder: t.TempDir(), Face: face{&strings.Builder{}}, Run: s.run, Meter: s.meter,
		})
		if err != nil || matrix.Rows[0].Outcome != want {
			t.Errorf("busy %v: %+v, %v", busy, matrix.Rows, err)
		}
	}
}

// TestCleanRunsOnce: what two mutants have in common the clean build goes through once.
func TestCleanRunsOnce(t *testing.T) {
	s := &stage{t: t, broken: map[uint64]story{1: violated("C6b")}, clean: held}
	a, b := example(), example()
	b.Name = "n"
	matrix, err := selftest.Run(t.Context(), selftest.Config{Mutants: []selftest.Mutant{a, b}, Folder: t.TempDir(), Face: face{&strings.Builder{}}, Run: s.run})
	if err != nil || len(matrix.Clean) != 1 || len(matrix.Rows) != 2 {
		t.Errorf("ran %v: %+v, %v", s.ran, matrix, err)
	}
}

// TestInterrupted: Ctrl-C ends the whole, and what was found by then is told.
func TestInterrupted(t *testing.T) {
	s := &stage{t: t, broken: map[uint64]story{1: violated("C6b")}}
	calls := 0
	_, err := selftest.Run(t.Context(), selftest.Config{
		Mutants: []selftest.Mutant{example()}, Folder: t.TempDir(), Face: face{&strings.Builder{}},
		Run: func(ctx context.Context, cfg chaos.Config) (*chaos.Report, error) {
			if calls++; calls == 2 {
				return nil, chaos.ErrInterrupted
			}
			return s.run(ctx, cfg)
		},
	})
	if !errors.Is(err, chaos.ErrInterrupted) || calls != 2 {
		t.Errorf("%d runs, %v", calls, err)
	}
}

// TestTable: each mutant can be tried, within what it may cost, and something must catch it.
func TestTable(t *testing.T) {
	var checkers []string
	for _, c := range check.Checkers() {
		checkers = append(checkers, c.ID)
	}
	names := map[string]bool{}
	for _, m := range selftest.Mutants() {
		switch {
		case names[m.Name] || strings.Trim(m.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || m.Name == "":
			t.Errorf("the name %q is there twice, or is none", m.Name)
		case m.Breaks == "":
			t.Errorf("%s does not say what it breaks", m.Name)
		case len(m.Seeds) == 0 || len(m.Seeds) > selftest.MostSeeds || len(slices.Compact(slices.Sorted(slices.Values(m.Seeds)))) != len(m.Seeds):
			t.Errorf("%s has seeds %v", m.Name, m.Seeds)
		case len(m.By) == 0:
			t.Errorf("%s need not be caught", m.Name)
		}
		names[m.Name] = true
		for _, by := range m.By {
			if !slices.Contains(checkers, strings.TrimRight(by, "'abcdefghijklmnopqrstuvwxyz")) {
				t.Errorf("%s is to be caught by %s, which there is not", m.Name, by)
			}
		}
		for _, seed := range m.Seeds {
			p, err := m.Plan(seed, 0)
			if err != nil {
				t.Errorf("%s, seed %d: %v", m.Name, seed, err)
				continue
			}
			if p.Settings.Duration <= 0 || p.Settings.Duration.Std() > selftest.MostDuration || p.Seed != seed {
				t.Errorf("%s, seed %d: things are broken for %v", m.Name, p.Seed, p.Settings.Duration)
			}
		}
	}
	if len(selftest.Quick(selftest.Mutants())) == 0 {
		t.Error("the short self-test has none")
	}
}

// TestPlanOfItsOwn: a mutant may bring the faults that it needs, and a plan that is none is refused.
func TestPlanOfItsOwn(t *testing.T) {
	m := example()
	m.Adjust = func(s *plan.Settings) { s.Devices = 3 }
	m.Entries = func(seed uint64, s plan.Settings) []plan.Entry {
		return []plan.Entry{{At: plan.Duration(time.Second), Hold: s.Lease, Fault: plan.Kill, Target: s.Gateway(int(seed))}}
	}
	p, err := m.Plan(2, 7*time.Second)
	if err != nil || len(p.Entries) != 1 || p.Entries[0].ID != "f1" || p.Entries[0].Target != "gw-2" || p.Settings.Devices != 3 || p.Settings.Duration.Std() != 7*time.Second {
		t.Errorf("%+v, %v", p, err)
	}
	m.Entries = func(uint64, plan.Settings) []plan.Entry { return []plan.Entry{{Fault: plan.Kill}} }
	if _, err := m.Plan(1, 0); err == nil || !strings.Contains(err.Error(), "mutant m has no plan") {
		t.Errorf("a plan without a target: %v", err)
	}
}

// TestUnknownNames: a name that is not in the table is refused, and the error tells those that are.
func TestUnknownNames(t *testing.T) {
	all := selftest.Mutants()
	if err := selftest.Known("no-such-mutant"); err == nil || !strings.Contains(err.Error(), all[0].Name) {
		t.Errorf("no-such-mutant: %v", err)
	}
	if err := errors.Join(selftest.Known(""), selftest.Known(all[0].Name)); err != nil {
		t.Error(err)
	}
	if some, err := selftest.Pick(all, []string{all[1].Name}); err != nil || len(some) != 1 || some[0].Name != all[1].Name {
		t.Errorf("%+v, %v", some, err)
	}
	if _, err := selftest.Pick(all, []string{all[1].Name, "no-such-mutant"}); err == nil {
		t.Error("one that there is not was taken")
	}
}
