package actors

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// An order is a command on its way through a supervisor.
type order struct {
	record    *roostv1.CommandRecord
	plan      *roostv1.Plan
	permit    *permit // of the present attempt
	notBefore time.Time
	expires   time.Time
	settleBy  time.Time // when an UNKNOWN one ends INDETERMINATE
	crashes   int       // attempts that broke the driver
	waiters   []func(answer)
}

// newOrder accepts a command: its record is made, its times are fixed.
func newOrder(c *roostv1.Command, bounds roostv1.CommandBounds, gateway string, epoch uint64, now time.Time) *order {
	expiry := c.ExpiresIn.AsDuration()
	if expiry <= 0 {
		expiry = bounds.DefaultExpiry
	}
	o := &order{
		record: &roostv1.CommandRecord{
			CommandId: c.Id, DeviceId: c.DeviceId, Command: c, Gateway: gateway, Epoch: epoch, AcceptedAt: timestamppb.New(now),
		},
		notBefore: now.Add(c.NotBefore.AsDuration()),
		expires:   now.Add(expiry),
	}
	o.enter(roostv1.CommandState_COMMAND_STATE_ACCEPTED, nil, now)
	return o
}

// enter changes the state and notes it in the record.
func (o *order) enter(state roostv1.CommandState, status *roostv1.Status, at time.Time) {
	r := o.record
	r.State, r.Status = state, status
	r.QueueReason = roostv1.QueueReason_QUEUE_REASON_UNSPECIFIED
	r.Transitions = append(r.Transitions, &roostv1.CommandTransition{
		State: state, At: timestamppb.New(at), Gateway: r.Gateway, Epoch: r.Epoch, Attempt: r.Attempt, Status: status,
	})
	if state.Final() {
		r.FinishedAt = timestamppb.New(at)
	}
}

// end enters a final state before dispatch: nothing was sent.
func (o *order) end(state roostv1.CommandState, status *roostv1.Status, at time.Time) {
	o.record.Effect = roostv1.Effect_EFFECT_NONE
	o.enter(state, status, at)
}

// queued notes what the order waits for.
func (o *order) queued(reason roostv1.QueueReason, at time.Time) {
	if o.record.State != roostv1.CommandState_COMMAND_STATE_QUEUED {
		o.enter(roostv1.CommandState_COMMAND_STATE_QUEUED, nil, at)
	}
	o.record.QueueReason = reason
}

// snapshot is a copy of the record for others, which tells of a dispatch that has not come back yet.
func (o *order) snapshot() *roostv1.CommandRecord {
	if o.permit != nil {
		o.noteDispatch()
	}
	return proto.CloneOf(o.record)
}

// noteDispatch enters DISPATCHED if the permit was used, and reports whether it was.
func (o *order) noteDispatch() bool {
	at := o.permit.dispatched()
	if at.IsZero() {
		return false
	}
	if o.record.DispatchedAt == nil || !o.record.DispatchedAt.AsTime().Equal(at) {
		o.record.Attempt++
		o.record.DispatchedAt = timestamppb.New(at)
		o.enter(roostv1.CommandState_COMMAND_STATE_DISPATCHED, nil, at)
	}
	return true
}

// finish enters the state that the end of a dispatched attempt amounts to.
func (o *order) finish(end outcome, at time.Time) {
	p, _ := end.value.(*performance)
	if p != nil {
		o.record.Steps, o.record.Results = p.steps, p.results
	}
	switch {
	case end.err == nil:
		o.record.Effect = roostv1.Effect_EFFECT_APPLIED
		o.record.Confirmation = roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK
		o.enter(roostv1.CommandState_COMMAND_STATE_SUCCEEDED, nil, at)
	case errors.Is(end.err, ErrNotSent) || errors.Is(end.err, ErrRefused):
		o.record.Effect = effectOf(p)
		o.enter(roostv1.CommandState_COMMAND_STATE_FAILED, deviceStatus("actuate", end.err), at)
	default:
		o.record.Effect = doubtfulEffect(p)
		o.enter(roostv1.CommandState_COMMAND_STATE_UNKNOWN, unknownStatus(end.err), at)
	}
}

// effectOf tells whether steps before the one that failed were applied.
func effectOf(p *performance) roostv1.Effect {
	if p != nil && p.steps[0].State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		return roostv1.Effect_EFFECT_PARTIAL
	}
	return roostv1.Effect_EFFECT_NONE
}

// doubtfulEffect tells the effect of a command that did not end well: where it was stopped between
// two steps, that is certain.
func doubtfulEffect(p *performance) roostv1.Effect {
	if p == nil || slices.ContainsFunc(p.steps, func(s *roostv1.StepResult) bool {
		return s.State == roostv1.CommandState_COMMAND_STATE_UNKNOWN
	}) {
		return roostv1.Effect_EFFECT_UNKNOWN
	}
	return effectOf(p)
}

func unknownStatus(err error) *roostv1.Status {
	return roostv1.Errorf(roostv1.ErrOutcomeUnknown, "sent, but the outcome is unknown: %s", deviceStatus("actuate", err).Message)
}

// evidence adds what an abandoned attempt answered after all.
func (o *order) evidence(gateway string, end outcome, at time.Time) {
	text := "late answer: done"
	if end.err != nil {
		text = fmt.Sprintf("late answer: %v", end.err)
	}
	o.record.Evidence = append(o.record.Evidence, &roostv1.Evidence{At: timestamppb.New(at), Gateway: gateway, Text: text})
}

// actions are the plan's steps as the driver takes them.
func (o *order) actions(epoch uint64) []Action {
	common := Action{CommandID: o.record.CommandId, Command: o.plan.Command, Arguments: o.plan.Arguments, Epoch: epoch}
	if len(o.plan.Steps) == 0 {
		return []Action{common}
	}
	actions := make([]Action, len(o.plan.Steps))
	for i, step := range o.plan.Steps {
		actions[i] = common
		actions[i].Resource, actions[i].Value = step.Resource, step.Value
	}
	return actions
}

// answer tells everyone who waits the final record.
func (o *order) answer() {
	for _, w := range o.waiters {
		w(answer{record: o.snapshot()})
	}
	o.waiters = nil
}
