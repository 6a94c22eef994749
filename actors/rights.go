package actors

import (
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Rights says who may command which device. It is what the actors need of the fleet's record of that.
type Rights interface {
	// Permit returns nil if a command that was submitted by that identity, nil where nobody is known
	// by name, may act on the device now, and else why not. It is called by any goroutine, and must not block.
	Permit(by *roostv1.Identity, device string) error
}

// permission returns how to ask again later whether a command may be carried out, without its record.
func (e *env) permission(record *roostv1.CommandRecord) func() error {
	by, device := record.GetSubmittedBy(), record.GetDeviceId()
	return func() error {
		if e.rights == nil {
			return nil
		}
		return e.rights.Permit(by, device)
	}
}

// permit returns why a command must not be carried out any more for who submitted it; nil if it may.
func (e *env) permit(record *roostv1.CommandRecord) error {
	return e.permission(record)()
}
