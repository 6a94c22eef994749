package cluster

import (
	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Rights says who may command which device, as far as the picture tells: it is asked when a command is submitted,
// and by the device's owner before the command is sent, since it may have changed. Its methods may be called
// concurrently, and wait for nothing.
type Rights struct {
	picture *Picture
	audit   *audit
}

// Permit returns nil if a command that was submitted by that identity may act on the device, and else
// ErrPermission, which the fleet is told of. Where the hub knows nobody by name, by is nil, and everybody may.
func (r *Rights) Permit(by *roostv1.Identity, device string) error {
	return r.permit(by, device, "send a command to")
}

func (r *Rights) permit(by *roostv1.Identity, device, act string) error {
	if by == nil {
		return nil
	}
	why := r.objection(by, r.picture.Device(device))
	if why == "" {
		return nil
	}
	err := roostv1.Errorf(roostv1.ErrPermission, "%s may not %s device %.80q: %s", by.Name, act, device, why)
	r.audit.refused(by, device, err)
	return err
}

// objection says why the holder of a credential may not command a device, which is nil where it is not known; empty: he
// may. Of what the hub says of him and what is recorded, the lesser counts.
func (r *Rights) objection(by *roostv1.Identity, spec *roostv1.DeviceSpec) string {
	granted, known := r.picture.grantOf(by.Name)
	role := access.Role(by.Role)
	switch {
	case role != access.RoleOperator && role != access.RoleLimited:
		return "a " + by.Role + " commands nothing"
	case known && granted.revoked:
		return "the credentials were revoked"
	case known && granted.unusable:
		return "what is recorded of the credentials cannot be used"
	case known && granted.role == access.RoleLimited:
		role = access.RoleLimited
	case known && granted.role != role:
		return "the credentials are those of a " + string(granted.role) + " by now"
	}
	switch {
	case role == access.RoleOperator:
		return ""
	case !known:
		return "nothing is recorded of which devices the credentials are for"
	case len(granted.selector) == 0 || granted.role != access.RoleLimited:
		return "nothing is recorded of which devices the credentials are for"
	case !roostv1.MatchLabels(granted.selector, spec.GetLabels()):
		return "the credentials are only for devices with the labels " + labelText(granted.selector)
	}
	return ""
}

// unsure reports whether the picture may be too old to tell: nothing is recorded yet of who was let in only
// for some devices.
func (r *Rights) unsure(by *roostv1.Identity) bool {
	if access.Role(by.GetRole()) != access.RoleLimited {
		return false
	}
	_, known := r.picture.grantOf(by.Name)
	return !known
}

// Rights says who may command which device.
func (g *Gateway) Rights() *Rights { return g.rights }
