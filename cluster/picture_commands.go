package cluster

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// openCommand is a command that has not ended, as the picture keeps it: as bytes, since only the gateway that
// owns its device needs it decoded.
type openCommand struct {
	place
	key    string // see commandKey
	order  uint64
	bus    string // empty: that of the device
	record []byte // with order and accepted_at
	cancel place  // of the cancellation; sequence 0: there is none
	wish   []byte // the cancellation
}

// complete fills in what only the message of the acceptance tells: when the hub accepted a command, and
// where in the order it stands.
func complete(r *roostv1.CommandRecord, sequence uint64, stored time.Time) {
	if r.Order != 0 {
		return
	}
	at := timestamppb.New(stored)
	r.Order, r.AcceptedAt = sequence, at
	if len(r.Transitions) > 0 && r.Transitions[0].At == nil {
		r.Transitions[0].At = at
	}
}

// readCommand reads the record of a command that is stored at its key.
func readCommand(key string, data []byte, sequence uint64, stored time.Time) (*roostv1.CommandRecord, error) {
	r := &roostv1.CommandRecord{}
	if err := readRecord(data, r); err != nil {
		return nil, err
	}
	device, id := splitCommandKey(key)
	if err := sameID("device", r.DeviceId, device); err != nil {
		return nil, err
	}
	if err := sameID("command", r.CommandId, id); err != nil {
		return nil, err
	}
	if r.Bus != "" {
		if err := roostv1.CheckID("bus", r.Bus); err != nil {
			return nil, err
		}
	}
	switch c := r.Command; {
	case r.State == roostv1.CommandState_COMMAND_STATE_UNSPECIFIED:
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the record has no state")
	case r.State.Final():
	case c == nil:
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the record has no command")
	case c.Id != id || c.DeviceId != device:
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the record is about another command than the one in it")
	}
	complete(r, sequence, stored)
	return r, nil
}

// takeCommandLocked takes in the record of a command. One that has ended is not kept: whoever waits for it is told.
func (p *Picture) takeCommandLocked(key Key, at place, m message) error {
	r, err := readCommand(key.ID, m.data, at.sequence, m.stored)
	if err != nil {
		return err
	}
	if p.overLocked(key.ID, at, r) {
		return nil
	}
	if r.State.Final() {
		p.endCommandLocked(key.ID)
	} else if err := p.keepCommandLocked(key.ID, at, r); err != nil {
		return err
	}
	if p.told != nil {
		p.told(key.ID, r)
	}
	p.markLocked(key)
	return nil
}

// overLocked reports whether the record of an open command is one that was in the picture already, and is not any
// more since the command has ended: so it is with a listing from a server that is behind. Taken in, it would
// be carried out again.
func (p *Picture) overLocked(key string, at place, r *roostv1.CommandRecord) bool {
	return !p.partial && !r.State.Final() && p.commands[key] == nil && at.sequence <= p.passed
}

func (p *Picture) keepCommandLocked(key string, at place, r *roostv1.CommandRecord) error {
	raw, err := proto.Marshal(r)
	if err != nil {
		return err
	}
	c := p.commands[key]
	if c != nil && c.order != r.Order { // the same id, long after
		p.endCommandLocked(key)
		c = nil
	}
	if c == nil {
		c = &openCommand{key: key, order: r.Order, bus: intern(r.Bus)}
		p.commands[key] = c
		device, _ := splitCommandKey(key)
		queue := p.queues[device]
		i, _ := slices.BinarySearchFunc(queue, c.order, byOrder)
		p.queues[device] = slices.Insert(queue, i, c)
		if wish, ok := p.wishes[key]; ok {
			delete(p.wishes, key)
			c.cancelBy(wish.place, wish.value)
		}
	}
	c.place, c.record = at, slices.Clip(raw)
	return nil
}

func byOrder(c *openCommand, order uint64) int { return cmp.Compare(c.order, order) }

// cancelBy notes a cancellation. One that was written before the command was accepted is meant for
// another one, which had the same id.
func (c *openCommand) cancelBy(at place, wish []byte) {
	if at.sequence > c.order {
		c.cancel, c.wish = at, wish
	}
}

func (p *Picture) endCommandLocked(key string) {
	delete(p.wishes, key)
	c := p.commands[key]
	if c == nil {
		return
	}
	delete(p.commands, key)
	device, _ := splitCommandKey(key)
	queue := p.queues[device]
	if i, ok := slices.BinarySearchFunc(queue, c.order, byOrder); ok {
		queue = slices.Delete(queue, i, i+1)
	}
	if len(queue) == 0 {
		delete(p.queues, device)
		return
	}
	p.queues[device] = queue
}

// takeCancelLocked takes in the wish to cancel a command, if that is open. In a listing, it may come before it.
func (p *Picture) takeCancelLocked(key Key, at place, data []byte) error {
	wish := &roostv1.Cancellation{}
	if err := readRecord(data, wish); err != nil {
		return err
	}
	device, id := splitCommandKey(key.ID)
	if err := sameID("device", wish.DeviceId, device); err != nil {
		return err
	}
	if err := sameID("command", wish.CommandId, id); err != nil {
		return err
	}
	raw, err := proto.Marshal(wish)
	if err != nil {
		return err
	}
	c := p.commands[key.ID]
	switch {
	case c != nil:
		c.cancelBy(at, slices.Clip(raw))
		p.markLocked(Key{KindCommand, key.ID})
	case p.listing:
		p.wishes[key.ID] = record[[]byte]{at, slices.Clip(raw)}
	}
	return nil
}

// takeDesiredLocked takes in what is desired of a device. Whether it fits the profile, whoever serves the device
// looks.
func (p *Picture) takeDesiredLocked(key Key, at place, data []byte) error {
	desired := &roostv1.Desired{}
	if err := readRecord(data, desired); err != nil {
		return err
	}
	if err := sameID("device", desired.DeviceId, key.ID); err != nil {
		return err
	}
	raw, err := proto.Marshal(desired)
	if err != nil {
		return err
	}
	p.desired[key.ID] = &record[[]byte]{at, slices.Clip(raw)}
	p.markDesiredLocked(key)
	return nil
}

// markDesiredLocked marks a change of what is desired of a device, which its bus is to be told.
func (p *Picture) markDesiredLocked(key Key) {
	p.markLocked(key)
	if d := p.devices[key.ID]; d != nil && d.bus != nil {
		p.markLocked(Key{KindBus, d.bus.id})
	}
}

// sweepCommandsLocked takes out what the present listing did not have.
func (p *Picture) sweepCommandsLocked() {
	for key, c := range p.commands {
		if p.goneLocked(c.place) {
			p.endCommandLocked(key)
			p.markLocked(Key{KindCommand, key})
		}
	}
	for id, r := range p.desired {
		if p.goneLocked(r.place) {
			delete(p.desired, id)
			p.markDesiredLocked(Key{KindDesired, id})
		}
	}
	clear(p.wishes) // those of commands that have ended
}
