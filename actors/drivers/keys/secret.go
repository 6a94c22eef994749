package keys

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Prefixes of what is given for a secret.
const (
	fromFile = "file:"
	fromEnv  = "env:"
)

// maxFile is how long a file may be, in bytes: a chain of certificates is shorter.
const maxFile = 1 << 20

// Secret is where the gateway finds a password or a private key: file:/absolute/path of a regular file, of which ends of lines at the end do
// not count, or env:NAME. The zero value is none. Secrets can be compared: those of the same driver are equal if they are in the same place.
type Secret struct {
	key, from string
	places    *Places
}

// Secret returns where a secret is. What is given in clear is a problem, and is not repeated in it. Whether the gateway looks there is
// for it alone to say, when it is read: see [Keys.From].
func (k *Keys) Secret(key string) Secret {
	text, given := k.Get(key)
	if !given {
		return Secret{}
	}
	path, inFile := strings.CutPrefix(text, fromFile)
	name, inEnv := strings.CutPrefix(text, fromEnv)
	switch {
	case inFile && isAbsolute(path):
	case inFile:
		k.Wrong(key, "%q is not an absolute path", path)
	case inEnv && name != "" && !strings.ContainsAny(name, "=\x00"):
	default:
		k.Wrong(key, "a secret is not written here, where all who read the fleet see it: say where the gateway finds it, as file:/path or env:NAME")
	}
	return Secret{key: key, from: text, places: k.places}
}

// Given tells whether there is one.
func (s Secret) Given() bool { return s.from != "" }

// String says where the secret is; it can be shown.
func (s Secret) String() string { return s.from }

// Read returns the secret, or nothing if none is given. It is read anew each time, so that one that is changed is
// used with the next session. Errors say where it was looked for, and are a failure of the device: ErrPermission if the gateway does not
// look there, whatever is there.
func (s Secret) Read() (string, error) {
	if s.from == "" {
		return "", nil
	}
	secret, err := s.read()
	switch {
	case errors.Is(err, errElsewhere):
		return "", roostv1.Errorf(roostv1.ErrPermission,
			"the gateway does not read the secret %s of the key %s: it looks for secrets %s; put it there, or start the gateway with --secrets and its place",
			s.from, s.key, s.places)
	case errors.Is(err, errNotSet):
		return "", roostv1.Errorf(roostv1.ErrUnavailable, "the secret %s is not in the gateway's environment", s.from)
	case err != nil:
		return "", fmt.Errorf("read the secret %s: %w", s.from, err)
	case secret == "":
		return "", roostv1.Errorf(roostv1.ErrUnavailable, "the secret %s is empty", s.from)
	}
	return secret, nil
}

var errNotSet = errors.New("not in the environment")

func (s Secret) read() (string, error) {
	if name, inEnv := strings.CutPrefix(s.from, fromEnv); inEnv {
		if !s.places.hasName(name) {
			return "", errElsewhere
		}
		secret := os.Getenv(name)
		if secret == "" {
			return "", errNotSet
		}
		return secret, nil
	}
	text, err := s.places.read(strings.TrimPrefix(s.from, fromFile))
	return strings.TrimRight(string(text), "\r\n"), err
}

// ReadFile reads what the path in a fleet file leads to, such as a certificate: a regular file of at most 1 MiB, or a link to one.
// Whatever else has a path may have nothing to say, for ever: a pipe that nobody writes to is not even opened.
func ReadFile(path string) ([]byte, error) { return readFile(anyFile{}, path) }

// files are what has files: a folder, or the whole system.
type files interface {
	Stat(path string) (os.FileInfo, error)
	Open(path string) (*os.File, error)
}

// anyFile are all files of the system.
type anyFile struct{}

func (anyFile) Stat(path string) (os.FileInfo, error) { return os.Stat(path) }
func (anyFile) Open(path string) (*os.File, error)    { return os.Open(path) }

func readFile(from files, path string) ([]byte, error) {
	is, err := from.Stat(path)
	if err != nil {
		return nil, err
	}
	if !is.Mode().IsRegular() {
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "it is no regular file, but %s: put what is in it into a file", kindOf(is.Mode()))
	}
	f, err := from.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	bytes, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(bytes) > maxFile {
		return nil, fmt.Errorf("it is longer than %d bytes", maxFile)
	}
	return bytes, nil
}

func kindOf(mode os.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&os.ModeNamedPipe != 0:
		return "a pipe"
	case mode&os.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}
