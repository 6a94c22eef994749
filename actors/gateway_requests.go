package actors

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Execute carries out a command on a device of this gateway, and returns its final
// record, or the present one when ctx ends first. The same id and body is the same
// command, and is not carried out twice. Without a record there is an error: ErrInvalid,
// ErrNotOwner if the device is not served here, ErrConflict for an id that was used
// with another body, ErrBusy, ErrUnavailable. Where there is a Submitter the command goes through it, to
// the device wherever it is served.
func (g *Gateway) Execute(ctx context.Context, c *roostv1.Command) (*roostv1.CommandRecord, error) {
	if err := roostv1.ValidateCommand(c); err != nil {
		return nil, err
	}
	if c.Id == "" {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the command has no id")
	}
	if g.env.submit != nil {
		return g.submit(ctx, c)
	}
	pid, err := g.find(ctx, c.DeviceId)
	if err != nil {
		return nil, err
	}
	return g.execute(ctx, pid, c)
}

// submit has a command accepted at the hub, and waits for its record.
func (g *Gateway) submit(ctx context.Context, c *roostv1.Command) (*roostv1.CommandRecord, error) {
	answers := make(chan answer, 1)
	g.env.submit.Submit(ctx, proto.CloneOf(c), waitOf(ctx), func(r *roostv1.CommandRecord, err error) {
		answers <- answer{record: r, err: err}
	})
	select {
	case a := <-answers:
		return a.record, a.err
	case <-ctx.Done():
	}
	select { // its wait ends with ctx
	case a := <-answers:
		return a.record, a.err
	case <-time.After(answerTimeout):
		return nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "no word of command %s; send it again with its id to learn more", c.Id)
	}
}

// execute carries out a command on the device of a supervisor, or finds that it has stopped.
func (g *Gateway) execute(ctx context.Context, pid *actor.PID, c *roostv1.Command) (*roostv1.CommandRecord, error) {
	answers := make(chan answer, 1)
	g.env.send(pid, &submit{command: proto.CloneOf(c), answer: func(a answer) { answers <- a }})
	select {
	case a := <-answers:
		return a.record, a.err
	case <-ctx.Done():
		return g.present(pid, c.Id)
	}
}

// present asks for the present record of a command.
func (g *Gateway) present(pid *actor.PID, id string) (*roostv1.CommandRecord, error) {
	answers := make(chan answer, 1)
	g.env.send(pid, &recordWanted{id: id, answer: func(a answer) { answers <- a }})
	select {
	case a := <-answers:
		return a.record, a.err
	case <-time.After(answerTimeout):
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "no word of command %s", id)
	}
}

// Release ends the quarantine of a device. The error is ErrNotOwner if it is not
// served here, and ErrConflict if it is not in quarantine.
func (g *Gateway) Release(ctx context.Context, device string) error {
	pid, err := g.find(ctx, device)
	if err != nil {
		return err
	}
	answers := make(chan error, 1)
	g.env.send(pid, &releaseWanted{answer: answers})
	select {
	case err := <-answers:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *Gateway) find(ctx context.Context, device string) (*actor.PID, error) {
	if err := g.ready(ctx); err != nil {
		return nil, err
	}
	pid := g.env.directory.find(device)
	if pid == nil {
		return nil, roostv1.Errorf(roostv1.ErrNotOwner, "device %s is not served by gateway %s", device, g.env.id)
	}
	return pid, nil
}

// Statuses describes the devices of this gateway with ids after the given one, in
// the order of their ids, at most limit and 500, and whether there are more. The last
// values are left out.
func (g *Gateway) Statuses(after string, limit int) (page []*roostv1.DeviceStatus, more bool) {
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	pids, more := g.env.directory.page(after, limit)
	return g.ask(pids, false), more
}

// Status describes one device with its last values; false if it is not served here.
func (g *Gateway) Status(device string) (*roostv1.DeviceStatus, bool) {
	pid := g.env.directory.find(device)
	if pid == nil {
		return nil, false
	}
	statuses := g.ask([]*actor.PID{pid}, true)
	if len(statuses) == 0 {
		return nil, false
	}
	return statuses[0], true
}

// ask collects statuses. A supervisor that stopped meanwhile has none.
func (g *Gateway) ask(pids []*actor.PID, resources bool) []*roostv1.DeviceStatus {
	statuses := make([]*roostv1.DeviceStatus, 0, len(pids))
	timeout := time.After(answerTimeout)
	for _, pid := range pids { // one after the other keeps the order; none of them waits
		answers := make(chan *roostv1.DeviceStatus, 1)
		g.env.send(pid, &statusWanted{resources: resources, answer: answers})
		select {
		case status := <-answers:
			if status != nil {
				statuses = append(statuses, status)
			}
		case <-timeout:
			return statuses
		}
	}
	return statuses
}
