package roostv1

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a fleet, a profile, a device or a command.
// As an error it is ErrInvalid.
type Problem struct {
	// Path names the field, as a fleet file would write it:
	// devices[2].placement.gateways[0], profiles[0].resources[3].min,
	// devices[1].address["host"]. It is relative to what was validated, and empty
	// where that as a whole is the problem.
	Path string
	// Message says what is wrong, with the value, and what would be right.
	Message string
}

// Error returns "path: message".
func (p Problem) Error() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Unwrap makes a problem ErrInvalid, also for StatusOf.
func (p Problem) Unwrap() error { return ErrInvalid }

// Problems is everything wrong with one thing, in the order of its fields.
type Problems []Problem

// Err returns nil if there are no problems, and else a *Status with ErrInvalid that
// tells the first few of them and how many there are more.
func (ps Problems) Err() error {
	const told = 3
	if len(ps) == 0 {
		return nil
	}
	var text strings.Builder
	for i, p := range ps[:min(len(ps), told)] {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(p.Error())
	}
	if more := len(ps) - told; more > 0 {
		fmt.Fprintf(&text, "; and %d more", more)
	}
	return Errorf(ErrInvalid, "%s", text.String())
}
