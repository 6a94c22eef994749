package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

// Version of the format of a plan.
const Version = 1

// Plan is all that a run does.
type Plan struct {
	Version  int      `json:"version"`
	Scenario string   `json:"scenario"`
	Seed     uint64   `json:"seed"`
	Settings Settings `json:"settings"`
	// Entries are the faults, in the order of their times.
	Entries []Entry `json:"entries"`
}

// Entry is one fault.
type Entry struct {
	// ID is unique in the plan: f1, f2 and so on.
	ID string `json:"id"`
	// At is when it begins, from the beginning of the phase of faults, and Hold how long it lasts. With On it begins when
	// that happens, which is waited for from At on.
	At   Duration `json:"at"`
	Hold Duration `json:"hold"`
	On   *Trigger `json:"on,omitempty"`
	// Fault is its kind, and Target what it is done to; see the package documentation.
	Fault  string `json:"fault"`
	Target string `json:"target"`
	Params Params `json:"params,omitzero"`
}

// Params say more about a fault. Each kind has its own.
type Params struct {
	// Direction of a link, up or down; empty: both.
	Direction string `json:"direction,omitempty"`
	// Verb and Count say when: at the Count-th message of that kind, or byte if it is empty.
	Verb  string `json:"verb,omitempty"`
	Count int64  `json:"count,omitempty"`
	// Delay and Jitter of a link.
	Delay  Duration `json:"delay,omitzero"`
	Jitter Duration `json:"jitter,omitzero"`
	// Before and After are how slow a device is, Decline and LoseAck the shares of actions that it declines,
	// and does without answering.
	Before  Duration `json:"before,omitzero"`
	After   Duration `json:"after,omitzero"`
	Decline float64  `json:"decline,omitempty"`
	LoseAck float64  `json:"loseAck,omitempty"`
	// Restart is how many of the gateways that are cut off are killed and started again meanwhile, and Forget has the hub
	// forget the ids of readings that it stored longer ago than this.
	Restart int      `json:"restart,omitempty"`
	Forget  Duration `json:"forget,omitzero"`
	// Program that replaces another one; empty: the same again.
	Program string `json:"program,omitempty"`
	// Copy is what a clone has of the data of the first, folder or empty, and While what the first does when it
	// is started: runs or paused.
	Copy  string `json:"copy,omitempty"`
	While string `json:"while,omitempty"`
	// Point at which an actor panics or a driver hangs, from its Hit-th passing on; and Times at most, if above 0.
	Point string `json:"point,omitempty"`
	Hit   uint64 `json:"hit,omitempty"`
	Times uint64 `json:"times,omitempty"`
	// Step is by how much a clock is set, Pace how fast it goes then, 1 if not given; Boot: the gateway is killed, and
	// finds its clock so when it starts.
	Step Duration `json:"step,omitzero"`
	Pace float64  `json:"pace,omitempty"`
	Boot bool     `json:"boot,omitempty"`
	// Crash and Babble are the shares of requests at which a device boots, and of reads that it answers with nonsense; Flood is how many
	// answers that nobody asked for follow each; and Off: it is switched off, and boots when it is on again.
	Crash  float64 `json:"crash,omitempty"`
	Babble float64 `json:"babble,omitempty"`
	Flood  int     `json:"flood,omitempty"`
	Off    bool    `json:"off,omitempty"`
}

// Duration is a time that is written as people write it: 1.5s.
type Duration time.Duration

// MarshalText writes it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// String writes it.
func (d Duration) String() string { return time.Duration(d).String() }

// Std is the same as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// JSON returns the plan as it is written to plan.json.
func (p *Plan) JSON() []byte {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("a plan cannot be written: %v", err)) // it has nothing that cannot
	}
	return append(text, '\n')
}

// Digest is what a plan is known by.
func (p *Plan) Digest() string {
	sum := sha256.Sum256(p.JSON())
	return hex.EncodeToString(sum[:])[:12]
}

// Parse reads a plan. Unknown fields, and what makes no sense, are errors.
func Parse(text []byte) (*Plan, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	p := &Plan{}
	if err := decoder.Decode(p); err != nil {
		return nil, err
	}
	return p, p.Validate()
}

// Read reads a plan's file.
func Read(path string) (*Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", path, err)
	}
	return p, nil
}

// Validate says what makes no sense.
func (p *Plan) Validate() error {
	if p.Version != Version {
		return fmt.Errorf("version %d of the format is not %d", p.Version, Version)
	}
	if err := p.Settings.Validate(); err != nil {
		return err
	}
	ids, well := map[string]bool{}, p.Settings.world()
	for i, e := range p.Entries {
		switch {
		case e.ID == "" || ids[e.ID]:
			return fmt.Errorf("entries[%d]: id %q is empty or there twice", i, e.ID)
		case e.At < 0 || e.Hold < 0:
			return fmt.Errorf("entry %s: a time is negative", e.ID)
		case e.Fault == "" || e.Target == "":
			return fmt.Errorf("entry %s: fault or target is missing", e.ID)
		case e.Fault == Route && p.Settings.Net != NetNamespaces:
			return fmt.Errorf("entry %s: fault %s needs the setting net to be %s", e.ID, e.Fault, NetNamespaces)
		}
		if _, err := Resolve(e.Target, well, Stream(p.Seed, "target/"+e.ID)); err != nil {
			return fmt.Errorf("entry %s: target %q is nothing that this fleet can have: it has %d gateways, %d hubs and %d devices", e.ID, e.Target, p.Settings.Gateways, p.Settings.Hubs, p.Settings.Devices)
		}
		if err := e.check(p.Settings); err != nil {
			return fmt.Errorf("entry %s: %w", e.ID, err)
		}
		ids[e.ID] = true
	}
	return nil
}

// check says what makes no sense in an entry by itself.
func (e Entry) check(s Settings) error {
	if e.Params.Point != "" {
		point, err := failpoint.Find(e.Params.Point)
		switch {
		case err != nil:
			return err
		case e.Fault != Panic && e.Fault != Hang:
			return fmt.Errorf("fault %s has no point; what it waits for is said in \"on\"", e.Fault)
		case e.Fault == Panic && !point.Panics:
			return fmt.Errorf("a panic at %s would be one of the whole gateway", point.Name)
		}
	}
	if p := e.Params.Pace; p < 0 || p > 1000 {
		return fmt.Errorf("pace is %v, and not from 0 to 1000", p)
	}
	if e.Fault == Clock && e.Params.Step == 0 && (e.Params.Pace == 0 || e.Params.Pace == 1) {
		return errors.New("the clock is neither set (step) nor does it go wrong (pace)")
	}
	if e.On == nil {
		return nil
	}
	return e.On.check(e, s)
}

// String tells the parameters for people.
func (p Params) String() string {
	text, err := json.Marshal(p)
	if err != nil || string(text) == "{}" {
		return "-"
	}
	return string(text)
}
