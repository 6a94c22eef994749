// Package chaostest has what tests of chaos share: the program itself, built once, and the folder of a run that was not made.
package chaostest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Program is the program, for Main and the tests after it.
var Program string

// Main builds the program, runs the tests, and removes it. TestMain calls it.
func Main(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "roost-chaos")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	Program = filepath.Join(folder, "roost")
	build := exec.Command("go", "build", "-o", Program, "github.com/roost-iot/roost/nodes/roost")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
