package guard

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Reasons that a folder is refused.
var (
	// ErrNone: there is no security folder.
	ErrNone = errors.New("the hub has no users")
	// ErrLost: there is one, without the users.
	ErrLost = errors.New("the hub has lost its users")
	// ErrExists: there is one already.
	ErrExists = errors.New("the hub has users already")
)

// Names in the folder.
const (
	folderName    = "security"
	authorityFile = "ca"
	serverFile    = "server"
	rosterFile    = "users"
	adminFile     = "admin.roost"
)

const (
	folderPerm = 0o700
	filePerm   = 0o600
)

// Folder is the security folder of a hub.
type Folder struct{ path string }

// FolderIn returns the security folder of a hub's data folder, which need not be there.
func FolderIn(data string) Folder { return Folder{filepath.Join(data, folderName)} }

// Path is where the folder is.
func (f Folder) Path() string { return f.path }

// Exists reports whether the hub has users.
func (f Folder) Exists() (bool, error) {
	_, err := os.Stat(f.Users())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil, err
}

// Guards reports whether a hub is to ask for credentials. The error is ErrLost if it once had users, and the file that
// names them is gone: a hub that took that for none would let in everybody.
func (f Folder) Guards() (bool, error) {
	there, err := f.Exists()
	if there || err != nil {
		return there, err
	}
	if _, err := os.Stat(f.Files().Authority); err == nil {
		return false, fmt.Errorf("%w: there are certificates in %s, and no %s: put it back, or make all of them anew with roost hub init",
			ErrLost, f.path, f.Users())
	}
	return false, nil
}

// Users is the path of the users file.
func (f Folder) Users() string { return f.file(rosterFile) }

// Admin is the path of the administrator's credential.
func (f Folder) Admin() string { return f.file(adminFile) }

// Files are the paths of the certificates.
func (f Folder) Files() Files {
	return Files{Certificate: f.file(serverFile + ".pem"), Key: f.file(serverFile + "-key.pem"), Authority: f.file(authorityFile + ".pem")}
}

func (f Folder) file(name string) string { return filepath.Join(f.path, name) }

// Init says for whom a folder is made.
type Init struct {
	Fleet string
	Hosts []string // names and IP addresses by which the hub, or all three, are dialled; one at least
	Port  string   // that clients dial; default 4222
	Now   time.Time
}

// Init makes the folder: an authority, a certificate for hubs, the administrator. It leaves one that is there as it
// is: ErrExists. An init that was broken off is made anew.
func (f Folder) Init(as Init) error {
	if err := roostv1.CheckID("fleet name", as.Fleet); err != nil {
		return err
	}
	if err := checkHosts(as.Hosts); err != nil {
		return err
	}
	return f.exclusively(func() error {
		if there, err := f.Exists(); there || err != nil {
			return cmp.Or(err, fmt.Errorf("%w, in %s: see them with roost hub users", ErrExists, f.path))
		}
		return f.fill(as)
	})
}

func (f Folder) fill(as Init) error {
	authority, err := newAuthority(as.Fleet, as.Now)
	if err != nil {
		return err
	}
	server, err := newServer(authority, as.Hosts, as.Now)
	if err != nil {
		return err
	}
	r := &Roster{Fleet: as.Fleet, Hosts: as.Hosts}
	user, credential, err := newUser(Enrolment{Name: AdminName, Role: access.RoleAdmin, Now: as.Now})
	if err != nil {
		return err
	}
	r.Users = []User{user}
	credential.Fleet, credential.CA, credential.Hub = as.Fleet, string(authority.certificate), r.URL(cmp.Or(as.Port, defaultPort))
	if err := errors.Join(f.writePair(authorityFile, authority), f.writePair(serverFile, server)); err != nil {
		return err
	}
	if err := os.Remove(f.Admin()); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an init that was broken off
		return err
	}
	if err := credential.Write(f.Admin()); err != nil {
		return err
	}
	return f.write(r) // last: the folder is whole once it is there
}

// Renew makes a new certificate for hubs at the hosts; none means those that it has. Hubs that run take it within
// seconds.
func (f Folder) Renew(hosts []string, now time.Time) error {
	if len(hosts) > 0 {
		if err := checkHosts(hosts); err != nil {
			return err
		}
	}
	return f.change(func(r *Roster) error {
		if len(hosts) > 0 {
			r.Hosts = hosts
		}
		authority, err := f.readPair(authorityFile)
		if err != nil {
			return err
		}
		server, err := newServer(authority, r.Hosts, now)
		if err != nil {
			return err
		}
		return f.writePair(serverFile, server)
	})
}

// Read reads the users file. The error is ErrNone if there is none, ErrRoster if it is broken.
func (f Folder) Read() (*Roster, error) {
	content, err := os.ReadFile(f.Users())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no %s: make it with roost hub init", ErrNone, f.Users())
	}
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	r, err := ParseRoster(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Users(), err)
	}
	return r, nil
}

// change reads the users file, has it changed, and writes it, while nobody else does.
func (f Folder) change(change func(*Roster) error) error {
	if there, err := f.Exists(); err == nil && !there {
		_, err := f.Read() // says so, and makes no folder
		return err
	}
	return f.exclusively(func() error {
		r, err := f.Read()
		if err != nil {
			return err
		}
		if err := change(r); err != nil {
			return err
		}
		return f.write(r)
	})
}

// exclusively acts while no other process changes the folder.
func (f Folder) exclusively(act func() error) error {
	if err := os.MkdirAll(f.path, folderPerm); err != nil {
		return err
	}
	lock := flock.New(f.file("lock"), flock.SetPermissions(filePerm))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", f.path, err)
	}
	defer lock.Close()
	return act()
}

// write writes the users file, as a later one than any before: it begins with the time, since an earlier file may be lost.
func (f Folder) write(r *Roster) error {
	r.Revision = max(r.Revision+1, uint64(max(time.Now().Unix(), 0)))
	content, err := r.encode()
	if err != nil {
		return err
	}
	return writeFile(f.Users(), content)
}

func (f Folder) writePair(name string, p pair) error {
	// The key first: a certificate whose key is not there yet would not be usable.
	if err := writeFile(f.file(name+"-key.pem"), p.key); err != nil {
		return err
	}
	return writeFile(f.file(name+".pem"), p.certificate)
}

func (f Folder) readPair(name string) (pair, error) {
	certificate, err := os.ReadFile(f.file(name + ".pem"))
	if err != nil {
		return pair{}, err
	}
	key, err := os.ReadFile(f.file(name + "-key.pem"))
	return pair{certificate, key}, err
}

const defaultPort = "4222"

func checkHosts(hosts []string) error {
	if len(hosts) == 0 {
		return roostv1.Errorf(roostv1.ErrInvalid, "the hub has no host: say by which names and addresses it is dialled")
	}
	for _, host := range hosts {
		if _, err := netip.ParseAddr(host); err == nil {
			continue
		}
		if host == "" || len(host) > 253 || strings.ContainsFunc(host, notOfHost) {
			return roostv1.Errorf(roostv1.ErrInvalid, "host %.80q is no name and no IP address, such as hub.plant or 10.0.0.5, without a port", host)
		}
	}
	return nil
}

func notOfHost(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.')
}
