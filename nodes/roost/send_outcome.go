package main

import (
	"errors"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// tell writes what became of a command, and turns it into an exit code.
func tell(p program, asJSON bool, record *roostv1.CommandRecord) error {
	if err := show(p, asJSON, record); err != nil {
		return err
	}
	return codeError(outcomeCode(record))
}

func show(p program, asJSON bool, record *roostv1.CommandRecord) error {
	if asJSON {
		return writeJSON(p, record)
	}
	return console.Record(p.screen(), record)
}

// codeError is the error that ends with an exit code, when all has been told.
func codeError(code int) error {
	if code == exitOK {
		return nil
	}
	return &exit{code: code}
}

// outcomeCode turns what became of a command into an exit code.
func outcomeCode(r *roostv1.CommandRecord) int {
	switch s := r.GetState(); {
	case s == roostv1.CommandState_COMMAND_STATE_SUCCEEDED:
		return exitOK
	case s == roostv1.CommandState_COMMAND_STATE_UNSPECIFIED && errors.Is(r.GetStatus().Err(), roostv1.ErrCancelled):
		return exitInterrupted
	case s == roostv1.CommandState_COMMAND_STATE_REJECTED, s == roostv1.CommandState_COMMAND_STATE_UNSPECIFIED && r.GetStatus().Err() != nil:
		if code := exitCode(r.GetStatus().Err()); code == exitUnavailable {
			return code // there is nobody who could have done it
		}
		return exitFailed
	case s == roostv1.CommandState_COMMAND_STATE_FAILED, s.Unsent():
		return exitFailed
	default: // not ended, or never to be known
		return exitUnknown
	}
}

// worse returns the worse of two exit codes of outcomes: that it is not known what was done is worse than
// that it was not done.
func worse(a, b int) int {
	for _, code := range []int{exitUnknown, exitInterrupted, exitFailed, exitUnavailable} {
		if a == code || b == code {
			return code
		}
	}
	return exitOK
}
