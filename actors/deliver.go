package actors

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// defaultWait is how long the answer to a live request is waited for where nothing is said.
const defaultWait = 5 * time.Second

// Deliver gives a message to a device of this gateway, and has answer called once, on any
// goroutine: it must not block. A Read is answered at once with a ReadResult. A
// Command is answered with its final record, or the present one when wait is over; wait is 5 s
// where it is 0. The error says why there is neither: ErrNotOwner if the device is not served
// here, and otherwise what Execute says. Where there is a Submitter only a Read is taken: ErrInvalid.
// answer may be nil. The message must not be changed
// afterwards.
//
// It is what other gateways' messages come in by.
func (g *Gateway) Deliver(device string, m proto.Message, wait time.Duration, answer func(proto.Message, error)) {
	if answer == nil {
		answer = func(proto.Message, error) {}
	}
	select {
	case <-g.begun:
	default:
		answer(nil, roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s does not run yet", g.env.id))
		return
	}
	pid := g.env.directory.find(device)
	if pid == nil {
		answer(nil, roostv1.Errorf(roostv1.ErrNotOwner, "device %s is not served by gateway %s", device, g.env.id))
		return
	}
	m, err := checkLive(device, m)
	if _, command := m.(*roostv1.Command); err == nil && command && g.env.submit != nil {
		err = roostv1.Errorf(roostv1.ErrInvalid, "device %s takes no commands this way: they are submitted to the hub", device)
	}
	if err != nil {
		answer(nil, err)
		return
	}
	g.env.deliver(pid, m, wait, answer)
}

// deliver gives a checked message to a device's supervisor.
func (e *env) deliver(supervisor *actor.PID, m proto.Message, wait time.Duration, answer func(proto.Message, error)) {
	switch m := m.(type) {
	case *roostv1.Read:
		e.send(supervisor, &readWanted{resources: m.Resources, answer: answer})
	case *roostv1.Command:
		e.deliverCommand(supervisor, m, wait, answer)
	}
}

// deliverCommand answers with the command's final record, or with the present one when the
// wait is over: whichever comes first.
func (e *env) deliverCommand(supervisor *actor.PID, c *roostv1.Command, wait time.Duration, tell func(proto.Message, error)) {
	if wait <= 0 {
		wait = defaultWait
	}
	var told atomic.Bool
	once := func(a answer) {
		if !told.CompareAndSwap(false, true) {
			return
		}
		if a.err != nil {
			tell(nil, a.err)
			return
		}
		tell(a.record, nil)
	}
	over := time.AfterFunc(wait, func() {
		e.send(supervisor, &recordWanted{id: c.Id, answer: func(a answer) {
			if a.err != nil { // it may wait for its turn in the mailbox
				a.err = roostv1.Errorf(roostv1.ErrOutcomeUnknown, "command %s: there is no word of it yet; send it again with its id to learn more", c.Id)
			}
			once(a)
		}})
	})
	e.send(supervisor, &submit{command: c, answer: func(a answer) {
		over.Stop()
		once(a)
	}})
}

// checkLive returns a message that may go to a device, or says why it may not: nothing but a Read
// or a Command does. A command is a copy, has an id, and names the device.
func checkLive(device string, m any) (proto.Message, error) {
	switch m := m.(type) {
	case *roostv1.Read:
		if m == nil {
			break
		}
		return m, nil
	case *roostv1.Command:
		if m == nil {
			break
		}
		return checkLiveCommand(device, m)
	case nil:
	default:
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "device %s takes a Read or a Command, not a %T", device, m)
	}
	return nil, roostv1.Errorf(roostv1.ErrInvalid, "device %s was sent nil", device)
}

func checkLiveCommand(device string, c *roostv1.Command) (proto.Message, error) {
	c = proto.CloneOf(c)
	switch c.DeviceId {
	case device:
	case "":
		c.DeviceId = device
	default:
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "a command for device %.80q was sent to device %s", c.DeviceId, device)
	}
	if c.Id == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, roostv1.Errorf(roostv1.ErrInternal, "make an id for the command: %v", err)
		}
		c.Id = id.String()
	}
	if err := roostv1.ValidateCommand(c); err != nil {
		return nil, err
	}
	return c, nil
}

// Ask sends a Read or a Command to a device, wherever it is served, and returns its answer: a
// ReadResult or a CommandRecord. It is for programs that are no actors; those send to the PID. The
// deadline of ctx bounds the wait, which is 5 s where there is none. The errors are those that
// [Gateway.PID] names.
func (g *Gateway) Ask(ctx context.Context, device string, m proto.Message) (proto.Message, error) {
	if err := g.ready(ctx); err != nil {
		return nil, err
	}
	type result struct {
		m   proto.Message
		err error
	}
	answers := make(chan result, 1)
	g.env.devices.ask(ctx, device, m, func(m proto.Message, err error) { answers <- result{m, err} })
	select {
	case r := <-answers:
		return r.m, r.err
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) { // it is the answer's deadline as well
		select {
		case r := <-answers:
			return r.m, r.err
		case <-time.After(answerTimeout):
		}
	}
	return nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "ask device %s: %v", device, context.Cause(ctx))
}

// waitOf is how long there is until the deadline of ctx; 0 where it has none.
func waitOf(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(time.Until(deadline), 1)
}
