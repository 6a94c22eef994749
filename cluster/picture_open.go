package cluster

import (
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

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
	key, bus     string
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
			open = append(open, rawOpen{c.key, c.bus, c.order, c.sequence, c.record, c.wish})
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
