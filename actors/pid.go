package actors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// deviceAddress is the address of all devices' PIDs, wherever the devices are served. It never
// leaves the process.
const deviceAddress = "roost.device"

// Peers reach the devices that other gateways serve. It is what the actors need of the cluster.
// All methods may be called concurrently, by actors: they do not block.
type Peers interface {
	// Ask sends a Read, or a Command that has an id, to the device, and has answer called
	// once, on any goroutine, at the end of ctx's deadline at the latest, or after 5 s where there
	// is none. That ctx is cancelled changes nothing. answer is nil where none is wanted; it
	// must not block.
	Ask(ctx context.Context, device string, m proto.Message, answer func(proto.Message, error))
	// Watch has ended called once, on any goroutine, when the device is retired, or is not in the
	// registry; known is whether it was there since. A change of its gateway is not its end.
	// ended must not block. cancel ends the watch.
	Watch(device string, ended func(known bool)) (cancel func())
}

// PID returns the PID of a device, wherever it is served, now or later: where that is, is found
// out for each message. So it need not be asked for again after a failover.
//
// A device takes a [roostv1.Read] and a [roostv1.Command], which must not be changed
// afterwards. To a request it sends one answer, with its PID as the sender: a
// [roostv1.ReadResult], a [roostv1.CommandRecord], or a [roostv1.Status] that says why there is
// neither. A command's record is the final one, or the present one after 5 s; to send the
// command again, with its id, is to wait for longer. A command without an id gets one. Nothing is
// kept or sent again for who asks:
//
//	ErrNotFound        there is no such device
//	ErrInvalid         the device does not take such a message
//	ErrBusy            too many messages wait
//	ErrUnavailable     nobody serves the device at present; the message has done nothing
//	ErrOutcomeUnknown  the command may have reached the device, and nobody can say
//
// Who watches the PID gets one Terminated when the device is retired, and at once, with the reason
// NotFound, if there is no such device. To stop a device by its PID does nothing.
func (g *Gateway) PID(device string) *actor.PID { return actor.NewPID(deviceAddress, device) }

// devices is the process behind every device's PID: there is one, which lives as long as the
// gateway, since a PID keeps the process that it once resolved to.
//
// Concurrency: it runs on the goroutine of whoever sends.
type devices struct {
	env     *env
	peers   Peers
	watches watches
}

func newDevices(e *env, peers Peers) *devices {
	return &devices{env: e, peers: peers, watches: watches{env: e, peers: peers, devices: make(map[string]*deviceWatch)}}
}

// resolve implements [actor.AddressResolver].
func (d *devices) resolve(pid *actor.PID) (actor.Process, bool) {
	if pid.Address != deviceAddress {
		return nil, false
	}
	return d, true
}

// SendUserMessage implements [actor.Process].
func (d *devices) SendUserMessage(pid *actor.PID, message any) {
	_, body, sender := actor.UnwrapEnvelope(message)
	if sender != nil && sender.Address == deviceAddress {
		sender = nil // devices would answer each other for ever
	}
	d.ask(context.Background(), pid.Id, body, d.answerTo(pid, sender))
}

// answerTo sends an answer as the device; nil where nobody waits for one.
func (d *devices) answerTo(pid, sender *actor.PID) func(proto.Message, error) {
	if sender == nil {
		return nil
	}
	return func(m proto.Message, err error) {
		if err != nil {
			m = roostv1.StatusOf(err)
		}
		d.env.system.Root.RequestWithCustomSender(sender, m, pid)
	}
}

// ask gives a message to the device: here without further ado, or else to its gateway.
func (d *devices) ask(ctx context.Context, device string, m any, answer func(proto.Message, error)) {
	checked, err := checkLive(device, m)
	if err != nil {
		if answer != nil {
			answer(nil, err)
		}
		return
	}
	if c, ok := checked.(*roostv1.Command); ok && d.env.submit != nil {
		d.submit(ctx, c, answer)
		return
	}
	supervisor := d.env.directory.find(device)
	if supervisor == nil {
		d.peers.Ask(ctx, device, checked, answer)
		return
	}
	if answer == nil {
		answer = func(proto.Message, error) {}
	}
	d.env.deliver(supervisor, checked, waitOf(ctx), answer)
}

// submit has a command accepted, from where its device is handed it wherever it is served.
func (d *devices) submit(ctx context.Context, c *roostv1.Command, answer func(proto.Message, error)) {
	d.env.submit.Submit(ctx, c, waitOf(ctx), func(r *roostv1.CommandRecord, err error) {
		switch {
		case answer == nil:
		case err != nil:
			answer(nil, err)
		default:
			answer(r, nil)
		}
	})
}

// SendSystemMessage implements [actor.Process].
func (d *devices) SendSystemMessage(pid *actor.PID, message any) {
	switch msg := message.(type) {
	case *actor.Watch:
		d.watches.add(pid, msg.Watcher)
	case *actor.Unwatch:
		d.watches.remove(pid, msg.Watcher)
	}
}

// Stop implements [actor.Process]: a device is stopped by the registry only.
func (d *devices) Stop(*actor.PID) {}

// alone are the peers of a gateway that is the only one.
type alone struct{ env *env }

func (a alone) Ask(_ context.Context, device string, _ proto.Message, answer func(proto.Message, error)) {
	if answer != nil {
		answer(nil, roostv1.Errorf(roostv1.ErrUnavailable, "device %.80s is not served by gateway %s, and it knows no other", device, a.env.id))
	}
}

// Watch knows of no registry: a device that is served may be closed and opened again.
func (a alone) Watch(device string, ended func(known bool)) (cancel func()) {
	if a.env.directory.find(device) == nil {
		ended(false)
	}
	return func() {}
}
