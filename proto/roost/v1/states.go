package roostv1

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// successors are the legal changes of a command's state: all that is not here is refused.
//
//	ACCEPTED -> QUEUED -> DISPATCHED -> SUCCEEDED | FAILED
//	   |          |           `-> UNKNOWN -> SUCCEEDED | FAILED | INDETERMINATE
//	   `----------`-> REJECTED | EXPIRED | CANCELLED | SUPERSEDED   (no byte was sent)
//
// QUEUED follows itself when what is waited for changes. DISPATCHED follows itself and UNKNOWN for another
// attempt, which is harmless only where twice is the same as once, or where nothing was sent before;
// see Change.Harmless.
var successors = map[CommandState][]CommandState{
	CommandState_COMMAND_STATE_UNSPECIFIED: {CommandState_COMMAND_STATE_ACCEPTED},
	CommandState_COMMAND_STATE_ACCEPTED: {
		CommandState_COMMAND_STATE_QUEUED, CommandState_COMMAND_STATE_DISPATCHED,
		CommandState_COMMAND_STATE_REJECTED, CommandState_COMMAND_STATE_EXPIRED,
		CommandState_COMMAND_STATE_CANCELLED, CommandState_COMMAND_STATE_SUPERSEDED,
	},
	CommandState_COMMAND_STATE_QUEUED: {
		CommandState_COMMAND_STATE_QUEUED, CommandState_COMMAND_STATE_DISPATCHED,
		CommandState_COMMAND_STATE_REJECTED, CommandState_COMMAND_STATE_EXPIRED,
		CommandState_COMMAND_STATE_CANCELLED, CommandState_COMMAND_STATE_SUPERSEDED,
	},
	CommandState_COMMAND_STATE_DISPATCHED: {
		CommandState_COMMAND_STATE_DISPATCHED, CommandState_COMMAND_STATE_UNKNOWN,
		CommandState_COMMAND_STATE_SUCCEEDED, CommandState_COMMAND_STATE_FAILED,
	},
	CommandState_COMMAND_STATE_UNKNOWN: {
		CommandState_COMMAND_STATE_DISPATCHED, CommandState_COMMAND_STATE_SUCCEEDED,
		CommandState_COMMAND_STATE_FAILED, CommandState_COMMAND_STATE_INDETERMINATE,
	},
}

// MayBecome reports whether a command in state x may enter next. Nothing follows a final state.
func (x CommandState) MayBecome(next CommandState) bool {
	return slices.Contains(successors[x], next)
}

// Final reports whether the command has ended: its state will not change any more.
func (x CommandState) Final() bool {
	switch x {
	case CommandState_COMMAND_STATE_SUCCEEDED, CommandState_COMMAND_STATE_FAILED, CommandState_COMMAND_STATE_INDETERMINATE:
		return true
	default:
		return x.Unsent()
	}
}

// Unsent reports whether the command has ended without a byte sent to the device.
func (x CommandState) Unsent() bool {
	switch x {
	case CommandState_COMMAND_STATE_REJECTED, CommandState_COMMAND_STATE_EXPIRED,
		CommandState_COMMAND_STATE_CANCELLED, CommandState_COMMAND_STATE_SUPERSEDED:
		return true
	default:
		return false
	}
}

// Change is what is to be recorded of a command.
type Change struct {
	// State to enter.
	State CommandState
	// At is when, on the hub's clock.
	At time.Time
	// Gateway records it, under Epoch.
	Gateway string
	Epoch   uint64
	// Status is why, if there is more to say; none for a success.
	Status *Status
	// Waits is what a QUEUED command waits for.
	Waits QueueReason
	// Effect is what is known of what FAILED and UNKNOWN commands did; the other states say it.
	Effect Effect
	// Confirmation is how a success is known.
	Confirmation Confirmation
	// Harmless says of a further attempt that it cannot do anything twice: the write is ABSOLUTE, or
	// the attempts before it certainly sent nothing.
	Harmless bool
}

// Enter changes the state of a command and keeps its record whole: attempt, times, effect, and the list
// of transitions. The error is ErrInternal for a change that no command may go through, and then
// nothing has changed: a second end, an end without a byte sent of one that was dispatched, a further
// attempt that might do something twice, an epoch that is over.
func (x *CommandRecord) Enter(c Change) error {
	if err := x.mayEnter(c); err != nil {
		return err
	}
	x.State, x.Status, x.QueueReason = c.State, c.Status, QueueReason_QUEUE_REASON_UNSPECIFIED
	x.Gateway, x.Epoch = c.Gateway, c.Epoch
	at := timestamppb.New(x.notEarlier(c.At))
	switch c.State {
	case CommandState_COMMAND_STATE_QUEUED:
		x.QueueReason = c.Waits
	case CommandState_COMMAND_STATE_DISPATCHED:
		x.Attempt++
		x.DispatchedAt = at
	case CommandState_COMMAND_STATE_SUCCEEDED:
		x.Effect, x.Confirmation = Effect_EFFECT_APPLIED, c.Confirmation
	case CommandState_COMMAND_STATE_FAILED, CommandState_COMMAND_STATE_UNKNOWN:
		x.Effect = c.Effect
	case CommandState_COMMAND_STATE_INDETERMINATE:
		x.Effect = Effect_EFFECT_UNKNOWN
	default:
		if c.State.Unsent() {
			x.Effect = Effect_EFFECT_NONE
		}
	}
	if c.State.Final() {
		x.FinishedAt = at
	}
	x.Transitions = append(x.Transitions, &CommandTransition{
		State: c.State, At: at, Gateway: c.Gateway, Epoch: c.Epoch, Attempt: x.Attempt, Status: c.Status,
		QueueReason: x.QueueReason,
	})
	return nil
}

// clockSlack is how far two gateways' ideas of the hub's time may be apart. What is further apart is told as it
// is: the hub's clock was set.
const clockSlack = time.Second

// notEarlier returns when something was that was recorded after the last transition: by the clock of who
// records it, which may be behind that of who recorded what it follows.
func (x *CommandRecord) notEarlier(at time.Time) time.Time {
	if len(x.Transitions) == 0 {
		return at
	}
	last := x.Transitions[len(x.Transitions)-1].At
	if ahead := last.AsTime().Sub(at); last != nil && ahead > 0 && ahead < clockSlack {
		return last.AsTime()
	}
	return at
}

// mayEnter returns why a change must not be; nil if it may.
func (x *CommandRecord) mayEnter(c Change) error {
	wrong := func(why string) error {
		return Errorf(ErrInternal, "command %s: from %s to %s: %s", shown(x.CommandId), x.State.Word(), c.State.Word(), why)
	}
	again := x.Attempt > 0 && c.State == CommandState_COMMAND_STATE_DISPATCHED
	switch {
	case !x.State.MayBecome(c.State):
		return wrong("no command goes that way")
	case c.Epoch < x.Epoch:
		return wrong("it is under a later epoch")
	case again && !c.Harmless:
		return wrong("it would be sent twice")
	case c.State == CommandState_COMMAND_STATE_SUCCEEDED && c.Confirmation == Confirmation_CONFIRMATION_UNSPECIFIED:
		return wrong("nothing confirms it")
	case c.State == CommandState_COMMAND_STATE_FAILED && (c.Effect == Effect_EFFECT_UNSPECIFIED || c.Effect == Effect_EFFECT_APPLIED):
		return wrong("a failure has not applied everything, and says what it has")
	case c.State == CommandState_COMMAND_STATE_UNKNOWN && c.Effect != Effect_EFFECT_UNKNOWN && c.Effect != Effect_EFFECT_PARTIAL:
		return wrong("its effect would be known")
	}
	return nil
}

// maxEvidence bounds what a record keeps of what was learned after the fact: the first and the last.
const maxEvidence = 16

// Learn adds evidence to a record, and changes nothing else. Of very much, what comes last takes
// the place of what came last before.
func (x *CommandRecord) Learn(e *Evidence) {
	if len(x.Evidence) >= maxEvidence {
		x.Evidence = x.Evidence[:maxEvidence-1]
	}
	x.Evidence = append(x.Evidence, e)
}

// Times are when a command may be dispatched, on the hub's clock: not before the first, and before the
// second only. They count from the acceptance, which the record must have.
func (x *CommandRecord) Times(bounds CommandBounds) (notBefore, expires time.Time) {
	accepted := x.GetAcceptedAt().AsTime()
	expiry := span(x.GetCommand().GetExpiresIn(), bounds.DefaultExpiry, MaxInterval)
	return accepted.Add(x.GetCommand().GetNotBefore().AsDuration()), accepted.Add(expiry)
}

// Resumption is what whoever takes a device over does with a command that has not ended.
type Resumption uint8

// The resumptions.
const (
	// ResumeQueue: nothing was sent: it waits for its turn, as if it had just come.
	ResumeQueue Resumption = iota
	// ResumeRepeat: it may have been sent, and twice is the same as once: it is sent again.
	ResumeRepeat
	// ResumeDoubt: it may have been sent, and must not be again: it becomes UNKNOWN.
	ResumeDoubt
	// ResumeSettle: it is UNKNOWN, and what it did is still to be found out.
	ResumeSettle
	// ResumeNothing: it has ended.
	ResumeNothing
)

// Resume returns what is to be done with a command that was open under another owner, or in another
// life of this one. expired is whether its time is over; kind is that of its plan, and unspecified
// where there is none any more.
func (x *CommandRecord) Resume(kind WriteKind, expired bool) Resumption {
	repeat := kind == WriteKind_WRITE_KIND_ABSOLUTE && !expired
	switch {
	case x.GetState().Final():
		return ResumeNothing
	case x.GetState() == CommandState_COMMAND_STATE_UNKNOWN:
		return ResumeSettle
	case x.GetState() == CommandState_COMMAND_STATE_DISPATCHED && repeat:
		return ResumeRepeat
	case x.GetState() == CommandState_COMMAND_STATE_DISPATCHED:
		return ResumeDoubt
	default:
		return ResumeQueue
	}
}
