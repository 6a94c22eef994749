package guard

import (
	"fmt"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// AdminName is the name of the administrator, who is enrolled when the folder is made.
const AdminName = "admin"

// User is one who was enrolled. There is nothing secret in it.
type User struct {
	Name     string      `json:"name"` // an id, of one user only, whatever the role
	Role     access.Role `json:"role"`
	Selector string      `json:"selector,omitempty"` // KEY=VALUE,... that devices must have; only of RoleLimited
	Data     string      `json:"data"`               // public key of the data connection
	Talk     string      `json:"talk,omitempty"`     // of the talk connection; an administrator has none
	Enrolled time.Time   `json:"enrolled"`
	Revoked  time.Time   `json:"revoked,omitzero"`
}

// Active reports whether the user may connect.
func (u *User) Active() bool { return u.Revoked.IsZero() }

// account is the name of the account of the data connection. Names and roles are such that no two are equal.
func (u *User) account() string { return "D_" + string(u.Role) + "_" + u.Name }

func (u *User) check() error {
	if err := roostv1.CheckID("name", u.Name); err != nil {
		return err
	}
	if err := u.Role.Check(); err != nil {
		return fmt.Errorf("user %s: %w", u.Name, err)
	}
	if _, err := Selector(u.Selector); err != nil {
		return fmt.Errorf("user %s: %w", u.Name, err)
	}
	if (u.Role == access.RoleLimited) != (u.Selector != "") {
		return roostv1.Errorf(roostv1.ErrInvalid, "user %s: role %s and selector %q do not go together", u.Name, u.Role, u.Selector)
	}
	if !nkeys.IsValidPublicUserKey(u.Data) {
		return roostv1.Errorf(roostv1.ErrInvalid, "user %s: its data key is no public key of a user", u.Name)
	}
	if (u.Role != access.RoleAdmin || u.Talk != "") && !nkeys.IsValidPublicUserKey(u.Talk) {
		return roostv1.Errorf(roostv1.ErrInvalid, "user %s: its talk key is no public key of a user", u.Name)
	}
	return nil
}

// Selector reads labels, KEY=VALUE,KEY=VALUE, as gateways do, and returns them in the form that stands in the users
// file. The error is ErrInvalid.
func Selector(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	labels, err := roostv1.ParseSelector(text)
	if err != nil {
		return "", err
	}
	return roostv1.FormatSelector(labels), nil
}
