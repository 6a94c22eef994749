package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ErrRoster: the users file cannot be used.
var ErrRoster = errors.New("users file cannot be used")

// Roster is the content of the users file: everybody who was ever enrolled at the hub of a fleet.
type Roster struct {
	Fleet string   `json:"fleet"`
	Hosts []string `json:"hosts"` // names and addresses of the hubs
	Users []User   `json:"users"` // in the order of enrolment; a name that was enrolled anew stands there once

	// Revision grows with each change, so that hubs know which of their files is the latest; 0: it is not known.
	Revision uint64 `json:"revision,omitempty"`
}

// Find returns the user of that name, or nil.
func (r *Roster) Find(name string) *User {
	for i := range r.Users {
		if r.Users[i].Name == name {
			return &r.Users[i]
		}
	}
	return nil
}

// active returns those who may connect, and have one of the roles.
func (r *Roster) active(roles ...access.Role) []User {
	var found []User
	for _, u := range r.Users {
		if u.Active() && slices.Contains(roles, u.Role) {
			found = append(found, u)
		}
	}
	return found
}

// Announce returns the roster without the keys that the one before has not: whoever is new in it has an account, but
// is not let in yet.
func (r *Roster) Announce(before *Roster) *Roster {
	announced := *r
	announced.Users = slices.Clone(r.Users)
	for i := range announced.Users {
		u := &announced.Users[i]
		if old := before.Find(u.Name); old == nil || old.Data != u.Data || old.Talk != u.Talk {
			u.Data, u.Talk = "", ""
		}
	}
	return &announced
}

// ParseRoster reads a users file. The error is ErrRoster and says what is wrong in it: nothing that is not
// known is passed over, since it may have been meant to keep somebody out.
func ParseRoster(content []byte) (*Roster, error) {
	r := new(Roster)
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRoster, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: there is more behind its end", ErrRoster)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRoster, err)
	}
	return r, nil
}

func (r *Roster) check() error {
	if err := roostv1.CheckID("fleet name", r.Fleet); err != nil {
		return err
	}
	names, keys := map[string]bool{}, map[string]string{}
	for i := range r.Users {
		u := &r.Users[i]
		if err := u.check(); err != nil {
			return err
		}
		if names[u.Name] {
			return roostv1.Errorf(roostv1.ErrInvalid, "user %s is there twice", u.Name)
		}
		names[u.Name] = true
		for _, key := range []string{u.Data, u.Talk} {
			if other, taken := keys[key]; taken && key != "" {
				return roostv1.Errorf(roostv1.ErrInvalid, "users %s and %s have the same key", other, u.Name)
			}
			keys[key] = u.Name
		}
	}
	return nil
}

// encode writes a users file.
func (r *Roster) encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	content, err := json.MarshalIndent(r, "", "  ")
	return append(content, '\n'), err
}

// URL is what clients dial: all hosts, at the port.
func (r *Roster) URL(port string) string {
	var urls []string
	for _, host := range r.Hosts {
		urls = append(urls, "tls://"+net.JoinHostPort(host, port))
	}
	return strings.Join(urls, ",")
}
