package access

import (
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Role is what its holder may do in a fleet. The hub enforces it by permissions.
type Role string

// The roles. Only a limited one needs more than the hub's permissions: gateways hold it to the devices that
// its access record selects.
const (
	RoleGateway  Role = "gateway"  // runs devices
	RoleOperator Role = "operator" // sends commands and edits the registry
	RoleLimited  Role = "limited"  // sends commands to some devices
	RoleViewer   Role = "viewer"   // reads
	RoleAdmin    Role = "admin"    // everything; it stays with the hub
)

var roles = []Role{RoleGateway, RoleOperator, RoleLimited, RoleViewer, RoleAdmin}

// Title is what people call somebody of the role, with its article.
func (r Role) Title() string {
	switch r {
	case RoleOperator:
		return "an operator"
	case RoleAdmin:
		return "an administrator"
	case RoleLimited:
		return "an operator with a selector"
	}
	return "a " + string(r)
}

// Check returns ErrInvalid for a role that does not exist.
func (r Role) Check() error {
	if slices.Contains(roles, r) {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrInvalid, "the role is none of %v", roles)
}
