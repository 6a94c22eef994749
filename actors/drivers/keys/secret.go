package keys

import (
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
// not count, or env:NAME. The zero value is none.
type Secret struct{ from string }

// Secret returns where a secret is. What is given in clear is a problem, and is not repeated in it.
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
	return Secret{from: text}
}

// Given tells whether there is one.
func (s Secret) Given() bool { return s.from != "" }

// String says where the secret is; it can be shown.
func (s Secret) String() string { return s.from }

// Read returns the secret, or nothing if none is given. It is read anew each time, so that one that is changed is
// used with the next session. Errors say where it was looked for, and are a failure of the device.
func (s Secret) Read() (string, error) {
	switch {
	case s.from == "":
		return "", nil
	case strings.HasPrefix(s.from, fromEnv):
		name := strings.TrimPrefix(s.from, fromEnv)
		secret, given := os.LookupEnv(name)
		if !given || secret == "" {
			return "", roostv1.Errorf(roostv1.ErrUnavailable, "the secret %s is not in the gateway's environment", s.from)
		}
		return secret, nil
	}
	text, err := ReadFile(strings.TrimPrefix(s.from, fromFile))
	if err != nil {
		return "", fmt.Errorf("read the secret %s: %w", s.from, err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", roostv1.Errorf(roostv1.ErrUnavailable, "the secret %s is empty", s.from)
	}
	return secret, nil
}

// ReadFile reads what the path in a fleet file leads to, which is a secret or a certificate: a regular file of at most 1 MiB, or a link to one.
// Whatever else has a path may have nothing to say, for ever: a pipe that nobody writes to is not even opened.
func ReadFile(path string) ([]byte, error) {
	is, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !is.Mode().IsRegular() {
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "it is no regular file, but %s: put what is in it into a file", kindOf(is.Mode()))
	}
	f, err := os.Open(path)
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
