// Package chaostest has what tests of chaos share: the program itself, built once, and the folder of a run that was not made.
package chaostest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
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
	args := []string{"build", "-o", Program}
	if failpoint.Missing == "" { // the tests are built with them, so the program is
		args = append(args, "-tags", "failpoints")
	}
	build := exec.Command("go", append(args, "github.com/roost-iot/roost/nodes/roost")...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
