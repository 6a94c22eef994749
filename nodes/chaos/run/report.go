package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Schema is the version of report.json.
const Schema = 1

// Exit codes of a run.
const (
	ExitHeld        = 0
	ExitViolated    = 1
	ExitUnknown     = 2
	ExitSetup       = 3
	ExitInterrupted = 130
)

// Verdicts that are of the run and not of a checker.
const (
	VerdictError       check.Verdict = "error"
	VerdictInterrupted check.Verdict = "interrupted"
)

// Report is what there is to tell of a run: report.json. Times are milliseconds from the run's beginning.
type Report struct {
	Schema   int           `json:"schema"`
	Verdict  check.Verdict `json:"verdict"`
	Exit     int           `json:"exit"`
	Reason   string        `json:"reason,omitempty"` // in one sentence
	Seed     uint64        `json:"seed"`
	Scenario string        `json:"scenario"`
	Commit   string        `json:"commit,omitempty"`
	Version  string        `json:"version,omitempty"`
	Tags     string        `json:"tags,omitempty"` // that the program was built with
	PlanSHA  string        `json:"plan_sha"`
	Repro    string        `json:"repro"`
	Began    time.Time     `json:"began"`
	TookMS   float64       `json:"took_ms"`
	Settings plan.Settings `json:"settings"`
	// Environment that the processes were given beside the usual, such as ROOST_MUTANT=no-fence.
	Environment []string `json:"environment,omitempty"`

	Phases   []Phase        `json:"phases"`
	Faults   []Fault        `json:"faults"`
	Skipped  []Skipped      `json:"skipped,omitempty"`
	Checkers []check.Result `json:"checkers"`
	// Failover by kind of fault, as C7 measures it.
	Failover     map[string]Quantiles `json:"failover"`
	Availability Availability         `json:"availability"`
	// Drains are how what had piled up in spools came to the hub, and Reconnects how gateways found back to it.
	Drains     []Drain              `json:"drains,omitempty"`
	Reconnects []Reconnect          `json:"reconnects,omitempty"`
	Commands   map[string]int       `json:"commands"` // by how they ended
	Latency    map[string]Quantiles `json:"latency"`  // of commands that succeeded, by class
	Sometimes  []Sometimes          `json:"sometimes"`
	Unknown    []string             `json:"unknown_reasons"`
	// Drawings are files beside the report that show what was done to each register.
	Drawings []string `json:"drawings,omitempty"`
	// Figures are missing if nothing was judged.
	Figures *Figures `json:"figures,omitempty"`
	Machine Machine  `json:"machine"`
}

// Phase is when a phase was.
type Phase struct {
	Name string  `json:"name"`
	T0   float64 `json:"t0"`
	T1   float64 `json:"t1"`
}

// Fault is what became of an entry of the plan.
type Fault struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	Target    string     `json:"target"`
	Symbolic  string     `json:"symbolic,omitempty"`
	Apply     [2]float64 `json:"apply"` // asked, and seen to be there
	Heal      [2]float64 `json:"heal"`  // asked, and seen to be gone
	Confirmed bool       `json:"confirmed"`
	Healed    bool       `json:"healed"`
	Evidence  string     `json:"evidence,omitempty"`
	Error     string     `json:"error,omitempty"`
}

// Quantiles of a number of times.
type Quantiles struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// Availability is how many devices gave readings, in each bucket of time from the quiet phase to the drain.
type Availability struct {
	BucketMS float64 `json:"bucket_ms"`
	T0       float64 `json:"t0"`
	Devices  int     `json:"devices"`
	Served   []int   `json:"served"`
}

// Sometimes is something that must happen now and then, or nothing was tested.
type Sometimes struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Machine is where it ran.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processors int    `json:"processors"`
	Go         string `json:"go"`
	Kernel     string `json:"kernel,omitempty"`
}

// report judges what was written down, writes the report, and returns it. failed is how the run ended, if not
// in order. The error is that of the history or of the report's file.
func (r *running) report(failed error) (*Report, error) {
	report := &Report{
		Schema: Schema, Seed: r.Plan.Seed, Scenario: r.Plan.Scenario, Commit: r.Commit, Version: r.Version,
		PlanSHA: r.Plan.Digest(), Repro: r.Repro, Tags: r.Tags, Environment: r.Env, Began: r.began.UTC(), Settings: r.settings,
		Skipped: r.skipped, Machine: machine(), Failover: map[string]Quantiles{}, Latency: map[string]Quantiles{},
		Commands: map[string]int{}, Checkers: []check.Result{}, Sometimes: []Sometimes{}, Unknown: []string{},
		Faults: []Fault{}, Phases: []Phase{},
	}
	var err error
	var h *history.History
	if failed == nil {
		if h, err = LoadHistory(r.Folder); err == nil {
			report.judge(h)
			report.Drawings, err = drawRegisters(h, r.Folder)
			err = errors.Join(err, compress(filepath.Join(r.Folder, "history")))
		}
	}
	report.Reconnects = r.reconnects()
	report.errors(r.faultResults())
	report.end(errors.Join(failed, err))
	report.leftOver(r.left)
	report.TookMS = float64(time.Since(r.began)) / float64(time.Millisecond)
	if report.Exit == ExitHeld && !r.Keep {
		err = errors.Join(err, removeData(r.data()))
	}
	err = errors.Join(err, report.Write(r.Folder))
	if r.Judged != nil {
		r.Judged(report, h)
	}
	return report, err
}

// LoadHistory reads the history of the run in a folder.
func LoadHistory(folder string) (*history.History, error) {
	return history.Load(filepath.Join(folder, "history"), filepath.Join(folder, "nodes", "truth.log"))
}

// Rejudge has the checkers judge a run that was made before, writes its report anew, and returns it with the history that it
// was drawn from.
func Rejudge(folder string) (*Report, *history.History, error) {
	report, err := ReadReport(folder)
	if err != nil {
		return nil, nil, err
	}
	h, err := LoadHistory(folder)
	if err != nil {
		return nil, nil, err
	}
	report.Phases, report.Faults, report.Unknown = []Phase{}, []Fault{}, []string{}
	report.judge(h)
	if report.Drawings, err = drawRegisters(h, folder); err != nil {
		return nil, nil, err
	}
	report.end(nil)
	return report, h, report.Write(folder)
}

// ReadReport reads the report of a run.
func ReadReport(folder string) (*Report, error) {
	text, err := os.ReadFile(filepath.Join(folder, "report.json"))
	if err != nil {
		return nil, fmt.Errorf("%s is not the folder of a run that has ended: %w", folder, err)
	}
	report := &Report{}
	if err := json.Unmarshal(text, report); err != nil {
		return nil, fmt.Errorf("report of %s: %w", folder, err)
	}
	if report.Schema != Schema {
		return nil, fmt.Errorf("report of %s: schema %d is not %d", folder, report.Schema, Schema)
	}
	return report, nil
}

// Write writes report.json into a folder.
func (r *Report) Write(folder string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "report.json")
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// errors adds what went wrong with faults.
func (r *Report) errors(results []fault.Result) {
	for _, result := range results {
		for i := range r.Faults {
			if r.Faults[i].ID == result.Entry.ID && result.Err != nil {
				r.Faults[i].Error = result.Err.Error()
			}
		}
	}
}

// end gives the verdict on the whole.
func (r *Report) end(failed error) {
	switch {
	case errors.Is(failed, ErrInterrupted):
		r.Verdict, r.Exit, r.Reason = VerdictInterrupted, ExitInterrupted, "it was interrupted; all was undone"
	case failed != nil:
		r.Verdict, r.Exit, r.Reason = VerdictError, ExitSetup, failed.Error()
	default:
		r.Verdict = check.Worst(r.Checkers)
		r.Exit = map[check.Verdict]int{check.Held: ExitHeld, check.Violated: ExitViolated}[r.Verdict]
		if r.Verdict == check.Unknown {
			r.Exit = ExitUnknown
		}
		r.Reason = r.reason()
	}
}

// reason is the first thing to know.
func (r *Report) reason() string {
	for _, c := range r.Checkers {
		if c.Verdict == check.Violated && len(c.Violations) > 0 {
			return c.Violations[0].String()
		}
	}
	if len(r.Unknown) > 0 {
		return r.Unknown[0]
	}
	return "all promises were kept"
}

func machine() Machine {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = nil
	}
	return Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.NumCPU(), Go: runtime.Version(), Kernel: trim(kernel)}
}
