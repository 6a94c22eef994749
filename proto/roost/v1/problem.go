package roostv1

import (
	"errors"
	"fmt"
	"slices"
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

// Err returns nil if there are no problems, and else an error that is ErrInvalid and
// tells the first few of them and how many there are more. ProblemsOf returns them all.
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
	return &refusal{status: Errorf(ErrInvalid, "%s", text.String()), problems: ps}
}

// refusal is problems as an error.
type refusal struct {
	status   *Status
	problems Problems
}

func (r *refusal) Error() string { return r.status.Error() }

func (r *refusal) Unwrap() error { return r.status }

// ProblemsOf returns all problems inside an error of Problems.Err; any other error is one
// problem with all of its text, and nil is none.
func ProblemsOf(err error) Problems {
	var r *refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r):
		return slices.Clone(r.problems)
	}
	return Problems{{Message: valid(err.Error())}}
}
