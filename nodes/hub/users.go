package hub

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/roost-iot/roost/nodes/hub/guard"
)

// ErrUsers: the hub's users, or its certificates, cannot be used.
var ErrUsers = errors.New("users of the hub cannot be used")

// users is what a hub knows of those who may use it.
type users struct {
	folder guard.Folder
	roster *guard.Roster
	files  []byte        // content of the files that it was read from
	self   nkeys.KeyPair // the hub's own, as an administrator; it is made anew at each start and kept nowhere
	public string
}

// usersOf reads the users of a hub; nil if it has none.
func usersOf(cfg Config) (*users, error) {
	folder := guard.FolderIn(cfg.Data)
	there, err := folder.Guards()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsers, err)
	}
	if !there {
		return nil, nil
	}
	u := &users{folder: folder}
	if u.self, err = nkeys.CreateUser(); err != nil {
		return nil, err
	}
	if u.public, err = u.self.PublicKey(); err != nil {
		return nil, err
	}
	_, err = u.read()
	return u, err
}

// read reads the files, and reports whether anything in them is new, also if that is an error: what cannot be used
// changes nothing.
func (u *users) read() (changed bool, err error) {
	files, err := u.content()
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUsers, err)
	}
	if bytes.Equal(files, u.files) {
		return false, nil
	}
	u.files = files
	roster, err := u.folder.Read()
	if err == nil && u.roster != nil && roster.Fleet != u.roster.Fleet {
		err = fmt.Errorf("the fleet was %s and is now %s: that needs a hub of its own", u.roster.Fleet, roster.Fleet)
	}
	if err != nil {
		return true, fmt.Errorf("%w: %w", ErrUsers, err)
	}
	u.roster = roster
	return true, nil
}

// with are the same users, but for what the roster says.
func (u *users) with(r *guard.Roster) *users {
	other := *u
	other.roster = r
	return &other
}

// content is all that is in the files that settings are made of.
func (u *users) content() ([]byte, error) {
	paths := u.folder.Files()
	var all []byte
	for _, path := range []string{u.folder.Users(), paths.Certificate, paths.Key, paths.Authority} {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all = append(all, content...)
	}
	return all, nil
}

// options are the server's settings that tell who may do what. Without users there are none.
func (u *users) options(cluster *membership) (*server.Options, error) {
	o := new(server.Options)
	if u == nil {
		return o, nil
	}
	routes := ""
	if cluster != nil {
		routes = cluster.name
	}
	if err := o.ProcessConfigString(guard.Configuration(u.roster, u.folder.Files(), routes, u.public)); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrUsers, strings.Join(strings.Fields(err.Error()), " ")) // it has a line for each
	}
	return o, nil
}
