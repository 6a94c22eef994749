package doctor

import "encoding"

// State is how well what was looked at is.
type State uint8

// The states, the better first.
const (
	OK      State = iota
	Unknown       // it could not be found out
	Warning       // it works, and should be mended
	Unsafe        // a promise of Roost does not hold
)

var words = [...]string{OK: "ok", Unknown: "unknown", Warning: "warning", Unsafe: "unsafe"}

// String is the state in one word.
func (s State) String() string { return words[s] }

var _ encoding.TextMarshaler = OK

// MarshalText implements [encoding.TextMarshaler].
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is what came of one check.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	// Seen is what was found, or why nothing was, in a line.
	Seen string `json:"seen"`
	// Mend is what to do, in a line; a command to type where there is one. Empty: nothing.
	Mend string `json:"mend,omitempty"`
}

// Worst is the worst state of all findings.
func Worst(all []Finding) State {
	worst := OK
	for _, f := range all {
		worst = max(worst, f.State)
	}
	return worst
}
