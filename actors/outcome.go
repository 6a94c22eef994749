package actors

import (
	"errors"
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// outcomeOf tells what the end of an attempt that called the driver amounts to. It is pure.
//
// Only what is certain is FAILED: the driver says that nothing left or that the device refused, or the
// attempt was stopped between two steps. A timeout is not.
func outcomeOf(end outcome) roostv1.Change {
	p, _ := end.value.(*performance)
	var stopped errStopped
	switch {
	case end.err == nil:
		return roostv1.Change{
			State:        roostv1.CommandState_COMMAND_STATE_SUCCEEDED,
			Confirmation: roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK,
		}
	case errors.Is(end.err, ErrNotSent) || errors.Is(end.err, ErrRefused):
		return failedWith(deviceStatus("actuate", end.err), effectOf(p))
	case errors.As(end.err, &stopped):
		return failedWith(roostv1.Errorf(roostv1.ErrUnavailable, "%v", end.err), effectOf(p))
	case errors.As(end.err, new(unsent)):
		return failedWith(notSentStatus(roostv1.StatusOf(end.err)), roostv1.Effect_EFFECT_NONE)
	case mutant("success-on-timeout"):
		return roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_SUCCEEDED, Confirmation: roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK}
	case mutant("fail-on-timeout"):
		return failedWith(deviceStatus("actuate", end.err), roostv1.Effect_EFFECT_NONE)
	default:
		return unknownWith(roostv1.Errorf(roostv1.ErrOutcomeUnknown, "sent, but the outcome is unknown: %s", deviceStatus("actuate", end.err).Message))
	}
}

func failedWith(status *roostv1.Status, effect roostv1.Effect) roostv1.Change {
	return roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_FAILED, Status: status, Effect: effect}
}

func unknownWith(status *roostv1.Status) roostv1.Change {
	return roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_UNKNOWN, Status: status, Effect: roostv1.Effect_EFFECT_UNKNOWN}
}

func indeterminateWith(status *roostv1.Status) roostv1.Change {
	return roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_INDETERMINATE, Status: status}
}

// notSentStatus says of a dispatched command that it was not sent after all.
func notSentStatus(why *roostv1.Status) *roostv1.Status {
	return &roostv1.Status{Code: why.GetCode(), Message: "not sent: " + why.GetMessage()}
}

// effectOf tells whether steps before the one that did not happen were applied.
func effectOf(p *performance) roostv1.Effect {
	done := func(s *roostv1.StepResult) bool { return s.State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED }
	if p != nil && slices.ContainsFunc(p.steps, done) {
		return roostv1.Effect_EFFECT_PARTIAL
	}
	return roostv1.Effect_EFFECT_NONE
}
