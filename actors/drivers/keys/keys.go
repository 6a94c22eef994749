package keys

import (
	"fmt"
	"maps"
	"math"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Keys are settings by key, and what is wrong with them. Each method that reads one returns what stands for a value that is not
// given or is wrong, so that reading goes on and all problems come together.
type Keys struct {
	driver   string // who reads them, for people
	path     string // where they are
	given    map[string]string
	known    []string
	places   *Places // of secrets
	problems roostv1.Problems
}

// OfAddress returns the keys of a device's address, for a driver of this name.
func OfAddress(driver string, spec *roostv1.DeviceSpec) *Keys {
	return &Keys{driver: driver, path: "address", given: spec.GetAddress()}
}

// From says where the secrets may be that are read from now on, and returns its keys. Without it they are nowhere.
func (k *Keys) From(places *Places) *Keys {
	k.places = places
	return k
}

// OfResource returns the protocol entries of the i-th resource of a profile.
func OfResource(driver string, p *roostv1.Profile, i int) *Keys {
	return &Keys{driver: driver, path: fmt.Sprintf("resources[%d].protocol", i), given: p.GetResources()[i].GetProtocol()}
}

// Know makes keys known that may not be read: those that only some devices have. A key that is read is known.
func (k *Keys) Know(keys ...string) {
	for _, key := range keys {
		if !slices.Contains(k.known, key) {
			k.known = append(k.known, key)
		}
	}
}

// Get returns what is given for a key, and whether anything is.
func (k *Keys) Get(key string) (string, bool) {
	k.Know(key)
	text, given := k.given[key]
	return text, given
}

// Has tells whether a key is given.
func (k *Keys) Has(key string) bool {
	_, given := k.Get(key)
	return given
}

// Wrong complains of a key.
func (k *Keys) Wrong(key, format string, args ...any) {
	k.problems = append(k.problems, roostv1.Problem{Path: fmt.Sprintf("%s[%q]", k.path, key), Message: fmt.Sprintf(format, args...)})
}

// Unwanted complains of a key that is given and says nothing here.
func (k *Keys) Unwanted(key, format string, args ...any) {
	if k.Has(key) {
		k.Wrong(key, format, args...)
	}
}

// Problems returns what is wrong, keys among it that are given and not known.
func (k *Keys) Problems() roostv1.Problems {
	problems := slices.Clone(k.problems)
	for _, key := range slices.Sorted(maps.Keys(k.given)) {
		if !slices.Contains(k.known, key) {
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("%s[%q]", k.path, key),
				Message: fmt.Sprintf("unknown key; the %s driver has %s", k.driver, strings.Join(k.known, ", ")),
			})
		}
	}
	return problems
}

// Text returns any text that is not empty.
func (k *Keys) Text(key, otherwise string) string {
	text, given := k.Get(key)
	switch {
	case !given:
		return otherwise
	case text == "":
		k.Wrong(key, "is empty")
	}
	return text
}

// Needed is Text of a key that must be given; what says what it is for.
func (k *Keys) Needed(key, what string) string {
	if !k.Has(key) {
		k.Wrong(key, "is needed: %s", what)
	}
	return k.Text(key, "")
}

// Word returns one of some words.
func (k *Keys) Word(key, otherwise string, words ...string) string {
	word, given := k.Get(key)
	if !given {
		return otherwise
	}
	if !slices.Contains(words, word) {
		k.Wrong(key, "%q is none of %s", word, strings.Join(words, ", "))
		return otherwise
	}
	return word
}

// Bool returns true or false; false if it is not given.
func (k *Keys) Bool(key string) bool { return k.Word(key, "false", "false", "true") == "true" }

// Int returns a whole number within bounds, which it may have.
func (k *Keys) Int(key string, otherwise, from, to int) int {
	text, given := k.Get(key)
	if !given {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < from || n > to {
		k.Wrong(key, "%q is not a number from %d to %d", text, from, to)
		return otherwise
	}
	return n
}

// Float returns a finite number.
func (k *Keys) Float(key string, otherwise float64) float64 {
	text, given := k.Get(key)
	if !given {
		return otherwise
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		k.Wrong(key, "%q is not a number", text)
		return otherwise
	}
	return n
}

// Duration returns a time within bounds, which it may have.
func (k *Keys) Duration(key string, otherwise, from, to time.Duration) time.Duration {
	text, given := k.Get(key)
	if !given {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < from || d > to {
		k.Wrong(key, "%q is not a time from %v to %v, such as 250ms", text, from, to)
		return otherwise
	}
	return d
}

// HostPort returns host:port, or nothing if it is not given.
func (k *Keys) HostPort(key string) string {
	text, given := k.Get(key)
	if given && !IsHostPort(text) {
		k.Wrong(key, "%q is not host:port with a port from 1 to 65535", text)
	}
	return text
}

// File returns the absolute path of a file on the gateway, or nothing if it is not given.
func (k *Keys) File(key string) string {
	path := k.Text(key, "")
	if path != "" && !isAbsolute(path) {
		k.Wrong(key, "%q is not an absolute path", path)
	}
	return path
}

// windowsPath is how paths begin there: with the letter of a drive, or the name of a host.
var windowsPath = regexp.MustCompile(`^(?:[A-Za-z]:[\\/]|\\\\[^\\/])`)

// isAbsolute tells whether a path is absolute on some gateway: a fleet file is also checked on a machine that is none, and has other paths.
func isAbsolute(path string) bool {
	return strings.HasPrefix(path, "/") || windowsPath.MatchString(path)
}

// IsHostPort tells whether a text is host:port, with a host and a port that can be dialled.
func IsHostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}
