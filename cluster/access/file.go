package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxFile is far more than a credential needs: what is larger is some other file.
const maxFile = 256 << 10

// stored is a Credential as its file has it. It has none of its methods, so also not those that hide seeds.
type stored Credential

// Read reads a credential from its file. A file that others can read is refused with ErrPermission, one
// that is not there with ErrNotFound, and one that is no credential with ErrInvalid.
func Read(path string) (*Credential, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	c, err := parse(text)
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		return nil, roostv1.Errorf(roostv1.StatusOf(err).Code, "credentials in %s: %v", path, err)
	}
	return c, nil
}

func readPrivate(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fileError("read", path, err)
	}
	defer file.Close()
	// The open file is looked at: the name may be another's by now.
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, fileError("read", path, err)
	case !info.Mode().IsRegular():
		return nil, invalid("credentials in %s: it is not a file", path)
	// Windows has no such bits.
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, roostv1.Errorf(roostv1.ErrPermission,
			"credentials in %s: others can read or change the file (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, fileError("read", path, err)
	case len(text) > maxFile:
		return nil, invalid("credentials in %s: the file is larger than any that has them", path)
	}
	return text, nil
}

// parse reads the file's text. The errors of package json may repeat what is in it; these do not.
func parse(text []byte) (*Credential, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, invalid("the file is not JSON: it breaks off or goes wrong at byte %d", syntax.Offset)
		}
		return nil, invalid("the file is not a JSON object")
	}
	var c Credential
	known := map[string]*string{
		"fleet": &c.Fleet, "name": &c.Name, "role": (*string)(&c.Role), "hub": &c.Hub,
		"ca": &c.CA, "data": &c.Data, "talk": &c.Talk,
	}
	for name, value := range fields {
		into, ok := known[name]
		if !ok {
			return nil, invalid("there is an unknown field beside %v", slices.Sorted(maps.Keys(known)))
		}
		if json.Unmarshal(value, into) != nil {
			return nil, invalid("field %s is not a string", name)
		}
	}
	return &c, nil
}

// Write writes the credential to a new file that only its owner can read, and syncs it. The error is
// ErrAlreadyExists where there is a file of that name, which is left as it is.
func (c *Credential) Write(path string) (err error) {
	if err := c.Check(); err != nil {
		return roostv1.Errorf(roostv1.StatusOf(err).Code, "credentials for %s: %v", path, err)
	}
	text, err := json.MarshalIndent(stored(*c), "", "  ")
	if err != nil {
		return fileError("write", path, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fileError("write", path, err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(path) // half a credential is of no use, and in the way of the next attempt
		return fileError("write", path, err)
	}
	return nil
}

func fileError(act, path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return roostv1.Errorf(roostv1.ErrNotFound, "credentials in %s: no such file", path)
	case errors.Is(err, fs.ErrExist):
		return roostv1.Errorf(roostv1.ErrAlreadyExists, "credentials in %s: there is a file of that name, which is kept", path)
	case errors.Is(err, fs.ErrPermission):
		return roostv1.Errorf(roostv1.ErrPermission, "credentials in %s: this user may not %s the file", path, act)
	}
	return fmt.Errorf("%s credentials in %s: %w", act, path, err)
}
