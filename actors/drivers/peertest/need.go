package peertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Python is the interpreter that has Debian's Python packages.
const Python = "/usr/bin/python3"

// Part is something that a test needs and that may not be installed.
type Part struct {
	name  string // for people
	from  string // the package to install
	check func() error
}

// Program is one that is run by name, of a Debian package.
func Program(name, debian string) Part {
	return Part{name: "the program " + name, from: "Debian package " + debian, check: func() error {
		_, err := find(name)
		return err
	}}
}

// Module is one of Python, of a Debian package: its name as it is imported.
func Module(name, debian string) Part {
	const look = `import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)`
	return Part{name: "the Python module " + name, from: "Debian package " + debian, check: func() error {
		return exec.Command(Python, "-c", look, name).Run()
	}}
}

// File is a file or a folder, such as a module of npm; from says how it comes there.
func File(path, from string) Part {
	return Part{name: path, from: from, check: func() error {
		_, err := os.Stat(path)
		return err
	}}
}

// Need skips the test if something that it needs is not installed, and says what. Where the environment variable ROOST_PEERS is set, all
// must be installed, and the test fails.
func Need(t testing.TB, parts ...Part) {
	t.Helper()
	var missing []string
	for _, part := range parts {
		if err := part.check(); err != nil {
			missing = append(missing, fmt.Sprintf("%s (%s: %v)", part.name, part.from, err))
		}
	}
	switch {
	case len(missing) == 0:
	case os.Getenv("ROOST_PEERS") != "":
		t.Fatalf("ROOST_PEERS is set, and this is not installed: %s", strings.Join(missing, ", "))
	default:
		t.Skipf("not installed: %s", strings.Join(missing, ", "))
	}
}

// find returns the path of a program. Debian has servers in folders that are not in everybody's PATH.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, folder := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if path, other := exec.LookPath(filepath.Join(folder, name)); other == nil {
			return path, nil
		}
	}
	return "", err
}
