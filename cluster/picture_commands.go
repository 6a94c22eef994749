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
		c = &openCommand{key: key, order: r.Order}
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
		if c.list != p.list {
			p.endCommandLocked(key)
			p.markLocked(Key{KindCommand, key})
		}
	}
	for id, r := range p.desired {
		if r.list != p.list {
			delete(p.desired, id)
			p.markDesiredLocked(Key{KindDesired, id})
		}
	}
	clear(p.wishes) // those of commands that have ended
}

// Desired returns what is desired of a device, or nil.
func (p *Picture) Desired(device string) *roostv1.Desired {
	p.mu.RLock()
	r := p.desired[device]
	if r == nil {
		p.mu.RUnlock()
		return nil
	}
	raw := r.value
	p.mu.RUnlock()
	desired := &roostv1.Desired{}
	_ = proto.Unmarshal(raw, desired) // it was encoded here
	return desired
}

// Open returns the commands for a device that have not ended, in their order.
func (p *Picture) Open(device string) []*roostv1.OpenCommand {
	raw, _ := p.openAfter(device, 0)
	return decodeOpen(raw)
}

// OpenCount returns how many commands for a device have not ended.
func (p *Picture) OpenCount(device string) int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.queues[device])
}

// Command returns the record of a command that has not ended, or nil.
func (p *Picture) Command(device, id string) *roostv1.CommandRecord {
	p.mu.RLock()
	c := p.commands[commandKey(device, id)]
	if c == nil {
		p.mu.RUnlock()
		return nil
	}
	raw := c.record
	p.mu.RUnlock()
	return decodeCommand(raw)
}

// rawOpen is an open command that is still to be decoded.
type rawOpen struct {
	order        uint64
	sequence     uint64 // of the record
	record, wish []byte
}

// openAfter returns the open commands of a device that were accepted, or wished to be cancelled, behind a sequence,
// in their order, and the sequence up to which these are all.
func (p *Picture) openAfter(device string, after uint64) (open []rawOpen, passed uint64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, c := range p.queues[device] {
		if c.order > after || c.cancel.sequence > after {
			open = append(open, rawOpen{c.order, c.sequence, c.record, c.wish})
		}
	}
	return open, p.passed
}

// waitingDevices returns the devices that have open commands, in no order.
func (p *Picture) waitingDevices() []string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	ids := make([]string, 0, len(p.queues))
	for id := range p.queues {
		ids = append(ids, id)
	}
	return ids
}

func decodeOpen(raw []rawOpen) []*roostv1.OpenCommand {
	open := make([]*roostv1.OpenCommand, len(raw))
	for i, r := range raw {
		open[i] = &roostv1.OpenCommand{Record: decodeCommand(r.record)}
		if r.wish != nil {
			open[i].Cancellation = &roostv1.Cancellation{}
			_ = proto.Unmarshal(r.wish, open[i].Cancellation) // it was encoded here
		}
	}
	return open
}

// decodeCommand decodes what the picture keeps, which it encoded itself.
func decodeCommand(raw []byte) *roostv1.CommandRecord {
	r := &roostv1.CommandRecord{}
	_ = proto.Unmarshal(raw, r)
	return r
}
