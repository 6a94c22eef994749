package cluster

import (
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// How the desk hands the commands that this gateway took while the hub was away: each once under an epoch, as the
// others.

// servedUnder returns the epoch under which the Host has a device; false if it does not.
func (d *desk) servedUnder(device string) (epoch uint64, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.of[device]
	if s == nil || s.down {
		return 0, false
	}
	return s.epoch, true
}

// handLocal hands what is new of a device.
func (d *desk) handLocal(device string) {
	d.mu.Lock()
	s := d.of[device]
	d.mu.Unlock()
	if s != nil {
		d.hand(s.bus, []string{device})
	}
}

// takeLocalLocked returns the commands of a device that were taken here and not handed yet.
func (d *desk) takeLocalLocked(s *served, device string) []*roostv1.OpenCommand {
	if d.edge == nil || d.of[device] != s {
		return nil
	}
	var open []*roostv1.OpenCommand
	bounds := d.picture.Device(device).GetCommands().Resolve()
	for _, c := range d.edge.open(device) {
		key := commandKey(device, c.Record.CommandId)
		if c.Record.Bus != s.bus || s.local[key] {
			continue
		}
		s.local[key] = true
		open = append(open, &roostv1.OpenCommand{Record: d.edge.under(c, s.bus, s.epoch, bounds)})
	}
	return open
}

// beforeLocal leaves of what is new at the hub what comes before a command whose id was taken here as well: that one is
// the same, and is settled first; see merger.
func (d *desk) beforeLocal(fresh []rawOpen, passed uint64) ([]rawOpen, uint64) {
	if d.edge == nil {
		return fresh, passed
	}
	fresh = slices.DeleteFunc(fresh, func(r rawOpen) bool { return d.edge.isSettled(r.key, r.order) })
	for i, r := range fresh {
		if d.edge.find(r.key) != nil {
			return fresh[:i], min(passed, r.order-1)
		}
	}
	return fresh, passed
}

// servesAlone reports whether the Host has a bus as it was begun without the hub.
func (d *desk) servesAlone(bus string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.buses[bus]
	return s != nil && s.alone
}
