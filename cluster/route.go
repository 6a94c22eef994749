package cluster

import (
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Route returns who serves a device, as far as the picture tells, without a look at its
// specification. The error is ErrNotFound if there is no such device or it was retired, and
// ErrUnavailable if nobody serves it at present: the bus has no owner, or that one's run is over.
func (p *Picture) Route(device string) (Owner, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	d := p.devices[device]
	switch {
	case d == nil && !p.listed:
		return Owner{}, roostv1.Errorf(roostv1.ErrUnavailable, "device %.80s: the registry has not been read yet", device)
	case d == nil:
		return Owner{}, roostv1.Errorf(roostv1.ErrNotFound, "there is no device %.80s", device)
	case d.retired:
		return Owner{}, roostv1.Errorf(roostv1.ErrNotFound, "device %s was retired", device)
	}
	owner := d.bus.value
	if owner.Gateway == "" || !p.runsLocked(owner.Gateway, owner.Incarnation) {
		return Owner{}, roostv1.Errorf(roostv1.ErrUnavailable, "no gateway serves device %s at present", device)
	}
	return owner, nil
}

// runs reports whether this run of the gateway is not over, as far as the picture tells.
func (p *Picture) runs(gateway, incarnation string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.runsLocked(gateway, incarnation)
}

func (p *Picture) runsLocked(gateway, incarnation string) bool {
	return incarnation != "" && p.runLocked(gateway) == incarnation
}

// run returns the incarnation of the gateway that is not over, as far as the picture tells; empty
// if there is none.
func (p *Picture) run(gateway string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.runLocked(gateway)
}

func (p *Picture) runLocked(gateway string) string {
	r := p.members[gateway]
	if r == nil {
		return ""
	}
	switch r.value.member.State {
	case roostv1.MemberState_MEMBER_STATE_LIVE, roostv1.MemberState_MEMBER_STATE_DRAINING:
		return r.value.member.Incarnation
	default:
		return ""
	}
}

// A presence is what the registry says of a device.
type presence uint8

const (
	presenceUnread presence = iota // the registry has not been read yet
	presenceGone                   // there is no such device, or it was retired
	presenceThere
)

// presence returns what the registry says of a device, and its bus if it is there.
func (p *Picture) presence(device string) (_ presence, bus string) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	d := p.devices[device]
	switch {
	case d == nil && !p.listed:
		return presenceUnread, ""
	case d == nil || d.retired:
		return presenceGone, ""
	default:
		return presenceThere, d.bus.id
	}
}
