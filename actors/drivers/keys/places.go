package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Places are where the secrets of a fleet may be on a gateway. They are for whoever runs the gateway to say, and never to be taken from the
// fleet: whoever may write that could else have any file of the gateway sent to a broker of his own, as a password. Nil is nowhere. Places
// are not changed, and may be used by any number of goroutines.
type Places struct {
	anywhere bool
	paths    []string // absolute, of files and of folders
	names    []string // of variables; * at the end of one stands for any end
}

// Anywhere is for programs that read secrets on the word of nobody but those who run them.
var Anywhere = &Places{anywhere: true}

// PlacesOf returns places: absolute paths of files, or of folders and all that is below them, and variables as env:NAME or env:BEGINNING*.
func PlacesOf(places ...string) (*Places, error) {
	p := new(Places)
	for _, place := range places {
		name, inEnv := strings.CutPrefix(place, fromEnv)
		path := strings.TrimPrefix(place, fromFile)
		switch {
		case inEnv && name != "" && !strings.ContainsAny(strings.TrimSuffix(name, "*"), "*=\x00"):
			p.names = append(p.names, name)
		case inEnv:
			return nil, fmt.Errorf("%q is no variable: it is written as env:NAME, or as env:BEGINNING* for several", place)
		case filepath.IsAbs(path):
			p.paths = append(p.paths, filepath.Clean(path))
		default:
			return nil, fmt.Errorf("%q is neither an absolute path nor a variable, env:NAME", place)
		}
	}
	return p, nil
}

// String says where they are: nowhere, or in a list of places.
func (p *Places) String() string {
	switch {
	case p == nil || !p.anywhere && len(p.paths)+len(p.names) == 0:
		return "nowhere"
	case p.anywhere:
		return "anywhere"
	}
	var all []string
	for _, path := range p.paths {
		all = append(all, fromFile+path)
	}
	for _, name := range p.names {
		all = append(all, fromEnv+name)
	}
	return "in " + strings.Join(all, ", ")
}

// hasName tells whether a variable is among the places.
func (p *Places) hasName(name string) bool {
	if p == nil || p.anywhere {
		return p != nil
	}
	for _, known := range p.names {
		if beginning, several := strings.CutSuffix(known, "*"); known == name || several && strings.HasPrefix(name, beginning) {
			return true
		}
	}
	return false
}

// read reads a file that is in one of the places. The error is errElsewhere if it is in none, and tells nothing of it then.
func (p *Places) read(path string) ([]byte, error) {
	if p != nil && p.anywhere {
		return ReadFile(path)
	}
	if p == nil {
		return nil, errElsewhere
	}
	path = filepath.Clean(path)
	if slices.Contains(p.paths, path) { // whoever runs the gateway has named it, and may have named a link
		return ReadFile(path)
	}
	for _, place := range p.paths {
		if inside, err := filepath.Rel(place, path); err == nil && filepath.IsLocal(inside) {
			return readWithin(place, inside)
		}
	}
	return nil, errElsewhere
}

// readWithin reads a file below a folder, whatever happens there meanwhile: links and .. that lead out of it are not followed.
func readWithin(folder, path string) ([]byte, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	text, err := readFile(root, path)
	if leadsOut(err) {
		return nil, errElsewhere
	}
	return text, err
}

// leadsOut tells whether a file is not below its folder. The library has no error for that to be known by, but all others that it has for a
// file are the system's.
func leadsOut(err error) bool {
	failed, ofFile := errors.AsType[*fs.PathError](err)
	if !ofFile {
		return false
	}
	_, ofSystem := errors.AsType[syscall.Errno](failed.Err)
	return !ofSystem
}

// errElsewhere is that a secret is in none of the places.
var errElsewhere = roostv1.Errorf(roostv1.ErrPermission, "it is not where the gateway looks for secrets")
