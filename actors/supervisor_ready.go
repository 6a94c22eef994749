package actors

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// locked returns why the device takes no commands at all; nil if it does.
func (s *supervisor) locked() *roostv1.Status {
	if s.charge.spec.AdminState == roostv1.AdminState_ADMIN_STATE_LOCKED {
		return roostv1.Errorf(roostv1.ErrLocked, "%s is locked by an operator", s.charge.spec.Id)
	}
	return nil
}

// impatient reports whether a command that may go by its time does not want to wait for a device that
// is away. One that may have been sent waits for it: it is sent again, or found out about.
func (s *supervisor) impatient(o *order, now time.Time) bool {
	return !o.record.GetCommand().GetQueueWhileAway() && !o.touched && !now.Before(o.notBefore)
}

// away returns why the device is known not to take commands now; nil if it takes them, or will tell
// soon: when it is opened for the first time, or anew after a change, and while the gateway waits
// for its lease.
func (s *supervisor) away() *roostv1.Status {
	if s.ready() || s.suspended || s.reopen {
		return nil
	}
	code := roostv1.ErrOffline
	switch s.state {
	case roostv1.DeviceState_DEVICE_STATE_QUARANTINED:
		code = roostv1.ErrQuarantined
	case roostv1.DeviceState_DEVICE_STATE_RESTARTING, roostv1.DeviceState_DEVICE_STATE_MISCONFIGURED:
	default:
		if s.restarts.attempt == 0 {
			return nil
		}
	}
	reason := ""
	if s.lastError != nil {
		reason = ": " + s.lastError.Message
	}
	return roostv1.Errorf(code, "%s is %s%s", s.charge.spec.Id, s.state.Word(), reason)
}

// ready reports whether the device actor takes commands.
func (s *supervisor) ready() bool {
	return s.reachable() && !s.reopen && !s.shutting && !s.suspended
}

// offline reports whether the device is open, and did not answer when it was polled last.
func (s *supervisor) offline() bool { return s.state == roostv1.DeviceState_DEVICE_STATE_OFFLINE }

// reachable reports whether the device can be read.
func (s *supervisor) reachable() bool {
	return s.child != nil && !s.stopping && s.session != nil &&
		(s.state == roostv1.DeviceState_DEVICE_STATE_ONLINE || s.state == roostv1.DeviceState_DEVICE_STATE_OFFLINE)
}
