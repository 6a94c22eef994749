package actors

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// An order is a command on its way through a supervisor. Its times are the hub's.
type order struct {
	// record changes through Enter and Learn only; while the permit is open, see there.
	record    *roostv1.CommandRecord
	plan      *roostv1.Plan // nil: it makes no sense to the profile
	planned   *model        // whose profile that is, the present one or the one before
	notBefore time.Time
	expires   time.Time
	settleBy  time.Time // when an UNKNOWN one ends INDETERMINATE

	permit *permit   // of the present attempt
	intent *intended // what became of its intent; nil: no word yet
	ended  *outcome  // of the attempt, while there is no word on its intent
	// touched is whether an attempt may have reached the device, here or at an earlier owner.
	touched bool
	late    bool  // it may have been when its turn came: it is not sent any more
	crashes int   // attempts that broke the driver
	look    *look // while it is compared with what the device shows

	waitsFor roostv1.QueueReason
	since    instant             // it waits for that
	told     roostv1.QueueReason // what its record says of it
	durable  bool                // its end is
	bare     bool                // its record has been left without texts
	gone     bool                // it is another owner's, or lost: nothing is recorded of it any more
	recanted bool                // its cancellation is noted
	waiters  []func(answer)
}

// newOrder makes an order of a record, which becomes its own.
func newOrder(r *roostv1.CommandRecord, bounds roostv1.CommandBounds, now instant) *order {
	o := &order{record: r, since: now}
	if r.State == roostv1.CommandState_COMMAND_STATE_QUEUED {
		o.told, o.waitsFor = r.QueueReason, r.QueueReason
	}
	o.setTimes(bounds)
	return o
}

// setTimes fixes when it may go. One that need not wait has no such time: by this gateway's knowledge of the
// hub's clock, its acceptance may be some milliseconds ahead.
func (o *order) setTimes(bounds roostv1.CommandBounds) {
	o.notBefore, o.expires = o.record.Times(bounds)
	if mutant("ignore-deadline") {
		o.expires = o.expires.Add(time.Hour)
	}
	if o.record.GetCommand().GetNotBefore().AsDuration() <= 0 {
		o.notBefore = time.Time{}
	}
}

// acceptedHere is the record of a command that this gateway accepts by itself, as one without a hub does.
func acceptedHere(c *roostv1.Command, gateway string, epoch, order uint64, now time.Time) *roostv1.CommandRecord {
	r := &roostv1.CommandRecord{
		CommandId: c.Id, DeviceId: c.DeviceId, Command: c, AcceptedAt: timestamppb.New(now), Order: order,
	}
	accepted := roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_ACCEPTED, At: now, Gateway: gateway, Epoch: epoch}
	if err := r.Enter(accepted); err != nil {
		panic(err) // a record without a state may become ACCEPTED
	}
	return r
}

// waiting reports whether the record says that nothing was ever sent, so that it can end so.
func (o *order) waiting() bool {
	return o.record.State == roostv1.CommandState_COMMAND_STATE_ACCEPTED || o.record.State == roostv1.CommandState_COMMAND_STATE_QUEUED
}

// absolute reports whether to do it twice is the same as once.
func (o *order) absolute() bool {
	return o.plan != nil && o.plan.WriteKind == roostv1.WriteKind_WRITE_KIND_ABSOLUTE
}

// before reports whether o goes before other: by priority, then as the hub stored them.
func (o *order) before(other *order) bool {
	if high(o) != high(other) {
		return high(o)
	}
	return o.record.Order < other.record.Order
}

func high(o *order) bool {
	return o.record.GetCommand().GetPriority() == roostv1.Priority_PRIORITY_HIGH
}

// snapshot is a copy of the record for others.
func (o *order) snapshot() *roostv1.CommandRecord { return proto.CloneOf(o.record) }

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

// answer tells everyone who waits.
func (o *order) answer(a answer) {
	waiters := o.waiters
	o.waiters = nil
	for _, w := range waiters {
		w(a)
	}
}
