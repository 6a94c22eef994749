package exec

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// allowed are the folders and programs that may be run.
type allowed []string

// find returns the path of a program that may be run, with no links in it. The error is ErrPermission if it may not be.
func (a allowed) find(program string) (string, error) {
	if len(a) == 0 {
		return "", roostv1.Errorf(roostv1.ErrPermission,
			"this gateway runs no programs: to have it run %s, start it with --exec-allow and the folder of its drivers", program)
	}
	places, err := a.real()
	if err != nil {
		return "", err
	}
	if filepath.IsAbs(program) {
		return places.permit(program)
	}
	for _, place := range places {
		path, err := places.permit(filepath.Join(place, program))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", roostv1.Errorf(roostv1.ErrNotFound, "there is no program %s in what this gateway allows: %s", program, a)
}

// real returns what is allowed, with no links in it. What cannot be reached allows nothing.
func (a allowed) real() (allowed, error) {
	var places allowed
	for _, place := range a {
		if !filepath.IsAbs(place) {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%q, which the gateway allows to run, is not an absolute path", place)
		}
		if real, err := filepath.EvalSymlinks(place); err == nil {
			places = append(places, real)
		}
	}
	return places, nil
}

// permit returns where a path leads, if that may be run.
func (a allowed) permit(program string) (string, error) {
	real, err := filepath.EvalSymlinks(program)
	if err != nil && a.has(filepath.Clean(program)) { // of other places nothing is told
		return "", fmt.Errorf("look for the program: %w", err)
	}
	if err != nil || !a.has(real) {
		return "", roostv1.Errorf(roostv1.ErrPermission, "this gateway does not allow %s%s: start it with --exec-allow and the folder of its drivers",
			program, leadsTo(err, program, real))
	}
	if err := runnable(real); err != nil {
		return "", err
	}
	return real, nil
}

func leadsTo(err error, program, real string) string {
	if err != nil || real == filepath.Clean(program) {
		return ""
	}
	return ", which is a link to " + real
}

// has tells whether a path is one that is allowed, or is in one.
func (a allowed) has(path string) bool {
	for _, place := range a {
		if rel, err := filepath.Rel(place, path); err == nil && filepath.IsLocal(rel) {
			return true
		}
	}
	return false
}

func (a allowed) String() string { return strings.Join(a, ", ") }
