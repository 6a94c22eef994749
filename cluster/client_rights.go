package cluster

import (
	"slices"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What a role may not do, the hub and the gateways refuse, whoever asks and whatever program he uses. These
// checks only say so at once and in words: a hub says nothing to who publishes where he may not.

// mayWrite returns ErrPermission if the link's role may not do what changes the fleet.
func (l Link) mayWrite(act string) error {
	return l.may(act, access.RoleOperator, access.RoleAdmin)
}

// maySend returns ErrPermission if the link's role may not act on devices.
func (l Link) maySend(act string) error {
	return l.may(act, access.RoleOperator, access.RoleLimited)
}

func (l Link) may(act string, roles ...access.Role) error {
	if l.Role == "" { // the hub knows no roles
		return nil
	}
	for _, role := range roles {
		if l.Role == role {
			return nil
		}
	}
	return roostv1.Errorf(roostv1.ErrPermission, "%s may not %s: the credentials are those of %s, and it takes those of %s",
		l.Name, act, l.Role.Title(), takes(roles))
}

// takes says whose credentials are needed.
func takes(roles []access.Role) string {
	if slices.Contains(roles, access.RoleLimited) {
		return access.RoleOperator.Title()
	}
	return access.RoleOperator.Title() + " without a selector"
}

// api is where a request to any one gateway is sent, beginning with the subject that it has at a hub without
// users. The hub lets each name ask only at its own subject, so gateways know from it who asks.
func (l Link) api(bare string) string {
	if l.Role == "" {
		return bare
	}
	return asIdentity(bare, string(l.Role), l.Name)
}
