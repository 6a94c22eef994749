package history

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Class is what a repeated write does: the profile's write kind.
type Class string

// Classes of commands.
const (
	// Absolute: twice is the same as once, so it may be sent again.
	Absolute Class = "ABSOLUTE"
	// Relative and Pulse: twice is twice, so they must not be.
	Relative Class = "RELATIVE"
	Pulse    Class = "PULSE"
	// Query asks who serves a device what it measures. It is no command: nothing is recorded of it, and it may be lost.
	Query Class = "QUERY"
)

// AtMostOnce reports whether a command must not be carried out twice.
func (c Class) AtMostOnce() bool { return c != Absolute }

// State of a command: the words that Roost uses.
type State string

// States of commands. The empty one is that of a command of which nothing is known.
const (
	Accepted      State = "ACCEPTED"
	Queued        State = "QUEUED"
	Dispatched    State = "DISPATCHED"
	Unknown       State = "UNKNOWN"
	Succeeded     State = "SUCCEEDED"
	Failed        State = "FAILED"
	Indeterminate State = "INDETERMINATE"
	Rejected      State = "REJECTED"
	Expired       State = "EXPIRED"
	Cancelled     State = "CANCELLED"
	Superseded    State = "SUPERSEDED"
)

// Final reports whether nothing follows it.
func (s State) Final() bool {
	return s == Succeeded || s == Failed || s == Indeterminate || s.Unsent()
}

// Unsent reports whether it is final, and says that no byte was sent to the device.
func (s State) Unsent() bool {
	return s == Rejected || s == Expired || s == Cancelled || s == Superseded
}

// Call tells that a client is about to submit a command.
type Call struct {
	Stamp
	Command string `json:"command"`
	Client  string `json:"client"`
	Device  string `json:"device"`
	Class   Class  `json:"class"`
	// Name of the command, and what it writes: one resource, so that what the hardware did can be compared.
	Name     string `json:"name"`
	Resource string `json:"resource"`
	// Value as roostv1.Value.Format writes it; the hardware's log has it in the same form.
	Value string `json:"value"`
	// Expires is after how long from its acceptance it must not be dispatched any more; 0: not known, so no
	// checker judges how late it was.
	Expires time.Duration `json:"expiresNs,omitempty"`
	// QueueWhileAway: it waits for a device that is away.
	QueueWhileAway bool `json:"queueWhileAway,omitempty"`
}

// Source says how the state of a command became known.
type Source string

// Sources of answers.
const (
	// FromReply: the reply to the submission.
	FromReply Source = "reply"
	// FromRecord: its record in the hub's stream, also when read after the run.
	FromRecord Source = "record"
)

// Answer tells what somebody was told of a command. There may be any number for one command.
type Answer struct {
	Stamp
	Command string `json:"command"`
	Device  string `json:"device"`
	Source  Source `json:"source"`
	// State that it is in; "": there was no answer, and Error says why: it may have been accepted or not.
	State State `json:"state,omitempty"`
	// Effect that it had, as roostv1.Effect.Word says it: "none", "partial", "applied", "unknown" or "".
	Effect string `json:"effect,omitempty"`
	// Value that a query was told, as roostv1.Value.Format writes it.
	Value string `json:"value,omitempty"`
	// Gateway that answers for it, under Epoch, and Attempt how often it was dispatched.
	Gateway string `json:"gateway,omitempty"`
	Epoch   uint64 `json:"epoch,omitempty"`
	Attempt uint32 `json:"attempt,omitempty"`
	// Accepted is when, by the hub's time; 0: not known. Dispatched and Finished likewise.
	Accepted   boottime.Instant `json:"accepted,omitempty"`
	Dispatched boottime.Instant `json:"dispatched,omitempty"`
	Finished   boottime.Instant `json:"finished,omitempty"`
	// Error is what was said beside it, for people.
	Error string `json:"error,omitempty"`
}

// AnswerOf returns what a record says. clocks carry the hub's time over.
func AnswerOf(r *roostv1.CommandRecord, source Source, clocks Clocks) *Answer {
	a := &Answer{
		Command: r.GetCommandId(), Device: r.GetDeviceId(), Source: source, State: State(r.GetState().Word()),
		Gateway: r.GetGateway(), Epoch: r.GetEpoch(), Attempt: r.GetAttempt(), Error: r.GetStatus().GetMessage(),
	}
	if r.GetEffect() != roostv1.Effect_EFFECT_UNSPECIFIED {
		a.Effect = r.GetEffect().Word()
	}
	if t := r.GetAcceptedAt(); t != nil {
		a.Accepted = clocks.Carry(t.AsTime())
	}
	if t := r.GetDispatchedAt(); t != nil {
		a.Dispatched = clocks.Carry(t.AsTime())
	}
	if t := r.GetFinishedAt(); t != nil {
		a.Finished = clocks.Carry(t.AsTime())
	}
	return a
}
