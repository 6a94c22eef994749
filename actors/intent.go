package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// errNoPermit is what a command's call ends with when it may not be sent any more, or not yet.
var errNoPermit = errors.New("the command was taken back, is too late, or the hub's time is not known")

// errLate is why a command is not sent whose deadline came while its intent was recorded.
var errLate = errors.New("too late")

// unsent is what an attempt ends with that took the permit, and certainly sent nothing. Whether its
// intent is recorded, the Journal tells.
type unsent struct{ why error }

func (u unsent) Error() string { return u.why.Error() }

func (u unsent) Unwrap() error { return u.why }

// An attempt is one try to carry out a command. It runs in the goroutine of the driver's call, which
// holds the turn on the bus:
//
//	the fence is open -> the permit is taken -> DISPATCHED is durable -> fence and deadline again -> the driver
//
// What was asked before the intent was durable may not hold any more after it: a disk may take
// longer than a lease.
type attempt struct {
	env        *env
	supervisor *actor.PID
	bus        string
	order      *order // its record is read while the permit is being taken, and not later
	permit     *permit
	permitted  func() error // whether who submitted it may still have it carried out
	fence      Fence
	expires    time.Time
	dispatched roostv1.Change // what is recorded, but for the time
	actions    []Action
}

// run carries the command out, or tells why nothing was sent.
func (a *attempt) run(ctx context.Context, actuator Actuator) (any, error) {
	ctx, leave, ok := a.fence.Enter(ctx)
	if !ok {
		return nil, errSuspended
	}
	defer leave()
	if ctx.Err() != nil { // nobody waits for it any more
		return nil, context.Cause(ctx)
	}
	if err := a.permitted(); err != nil { // it waited for the bus; with the permit unused, it is rejected
		return nil, err
	}
	record, err := a.take()
	if err != nil {
		return nil, err
	}
	failpoint("cmd.before-intent", record.DeviceId)
	if err := a.intend(ctx, record); err != nil {
		return nil, unsent{err}
	}
	failpoint("cmd.after-intent", record.DeviceId)
	if err := a.late(ctx); err != nil {
		return nil, unsent{err}
	}
	failpoint("lease.between-check-and-drive", record.DeviceId)
	answer, err := carryOut(ctx, actuator, a.actions, a.shut)
	failpoint("cmd.after-write", record.DeviceId)
	return answer, err
}

// take uses the permit and makes the record of the intent.
func (a *attempt) take() (record *roostv1.CommandRecord, err error) {
	taken := a.permit.take(a.times, a.expires, func(now time.Time) {
		a.dispatched.At = now
		record = proto.CloneOf(a.order.record)
		err = record.Enter(a.dispatched)
	})
	switch {
	case !taken:
		return nil, errNoPermit
	case err != nil:
		a.env.send(a.supervisor, &intended{order: a.order, permit: a.permit, err: err, defect: true})
		return nil, unsent{err}
	}
	return record, nil
}

// intend makes the intent durable before anything is sent. The error says that it is not, as far as can be
// waited for; the supervisor hears of its end all the same.
func (a *attempt) intend(ctx context.Context, record *roostv1.CommandRecord) error {
	now, known := a.latest()
	if !known {
		now = a.dispatched.At
	}
	inTime, cancel := context.WithTimeoutCause(ctx, a.expires.Sub(now), errLate)
	defer cancel()
	word := make(chan error, 1)
	if mutant("no-intent") {
		a.tell(nil)
		return nil
	}
	a.env.record(a.bus, a.dispatched.Epoch, record, func(err error) {
		a.tell(err)
		word <- err
	})
	select {
	case err := <-word:
		return err
	case <-inTime.Done():
		return fmt.Errorf("the intent to send was not recorded in time: %w", context.Cause(inTime))
	}
}

// tell lets the supervisor know what became of the intent.
func (a *attempt) tell(err error) {
	a.env.send(a.supervisor, &intended{order: a.order, permit: a.permit, dispatched: a.dispatched, err: err})
}

// late returns why the command must not be sent any more; nil if it may.
func (a *attempt) late(ctx context.Context) error {
	if err := a.shut(ctx); err != nil {
		return err
	}
	if now, known := a.latest(); !known || !now.Before(a.expires) {
		return errLate
	}
	return nil
}

// shut returns why nothing more must be sent; nil if it may be. The fence is asked as well: after a pause of
// this process it knows before any timer of a context has had its turn.
func (a *attempt) shut(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	_, leave, ok := a.fence.Enter(ctx)
	if !ok {
		return errSuspended
	}
	leave()
	return nil
}
