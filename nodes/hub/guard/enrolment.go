package guard

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

var (
	// ErrEnrolled: the name is taken by a credential that is in force.
	ErrEnrolled = errors.New("already enrolled")
	// ErrUnknownUser: nobody of that name was enrolled.
	ErrUnknownUser = errors.New("not enrolled")
)

// Enrolment is a user to be.
type Enrolment struct {
	Name     string
	Role     access.Role // RoleOperator with a Selector becomes RoleLimited
	Selector string
	Hub      string // what it dials; default: the hosts of the folder
	Out      string // its credential file, which must not be there
	Now      time.Time
}

// Enrol adds a user and writes its credential file. A name that is enrolled is ErrEnrolled: its credential may be in use,
// and an enrolment that was done twice must not shut it out. One that was revoked may be enrolled again: its old
// credential stays worthless.
func (f Folder) Enrol(e Enrolment) (*User, error) {
	var made *User
	err := f.change(func(r *Roster) error {
		credential, err := r.enrol(e)
		if err != nil {
			return err
		}
		authority, err := os.ReadFile(f.Files().Authority)
		if err != nil {
			return err
		}
		made = r.Find(e.Name)
		credential.Fleet, credential.CA, credential.Hub = r.Fleet, string(authority), cmp.Or(e.Hub, r.URL(defaultPort))
		return credential.Write(e.Out)
	})
	return made, err
}

// enrol adds the user to the roster, and returns its credential.
func (r *Roster) enrol(e Enrolment) (*access.Credential, error) {
	old := r.Find(e.Name)
	if old != nil && old.Active() {
		return nil, fmt.Errorf("%w: %s is %s since %s: revoke it first with roost hub revoke %s, or choose another name",
			ErrEnrolled, e.Name, old.Role, old.Enrolled.Format(time.DateTime), e.Name)
	}
	user, credential, err := newUser(e)
	if err != nil {
		return nil, err
	}
	if old != nil {
		*old = user
	} else {
		r.Users = append(r.Users, user)
	}
	return credential, nil
}

// newUser makes the keys of a user.
func newUser(e Enrolment) (User, *access.Credential, error) {
	selector, err := Selector(e.Selector)
	if err != nil {
		return User{}, nil, err
	}
	switch {
	case selector != "" && e.Role != access.RoleOperator && e.Role != access.RoleLimited:
		return User{}, nil, roostv1.Errorf(roostv1.ErrInvalid, "a selector is for operators only, not for a %s", e.Role)
	case selector != "":
		e.Role = access.RoleLimited
	}
	u := User{Name: e.Name, Role: e.Role, Selector: selector, Enrolled: e.Now.UTC().Truncate(time.Second)}
	c := &access.Credential{Name: e.Name, Role: e.Role}
	if u.Data, c.Data, err = newKey(); err != nil {
		return User{}, nil, err
	}
	if e.Role != access.RoleAdmin {
		if u.Talk, c.Talk, err = newKey(); err != nil {
			return User{}, nil, err
		}
	}
	return u, c, u.check()
}

// newKey makes a key: what the server knows of it, and what only its user has.
func newKey() (public, seed string, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", "", err
	}
	if public, err = pair.PublicKey(); err != nil {
		return "", "", err
	}
	secret, err := pair.Seed()
	return public, string(secret), err
}

// Revoke takes a user's credential out of force. Hubs that run cut it off within seconds. The error is
// ErrUnknownUser if nobody has the name.
func (f Folder) Revoke(name string, now time.Time) (*User, error) {
	var revoked *User
	err := f.change(func(r *Roster) error {
		revoked = r.Find(name)
		if revoked == nil {
			return fmt.Errorf("%w: there is no user %.80q: see them with roost hub users", ErrUnknownUser, name)
		}
		if revoked.Active() {
			revoked.Revoked = now.UTC().Truncate(time.Second)
		}
		return nil
	})
	return revoked, err
}
