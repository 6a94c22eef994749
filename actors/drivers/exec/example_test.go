package exec_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/exec"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// examples returns a driver that is allowed to run the examples.
func examples(t testing.TB) *exec.Driver {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not run a script by its first line")
	}
	folder, err := filepath.Abs("examples")
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Driver{Allow: []string{folder}}
}

func write(name string, v *roostv1.Value) actors.Action {
	return actors.Action{Resource: name, Value: v}
}

// TestContractPython: the ten lines of Python in the package's documentation keep the contract of drivers.
func TestContractPython(t *testing.T) {
	peertest.Need(t, peertest.Program("python3", "python3"))
	d := device("program=boiler.py", resource("level", isUint), resource("temperature", isDouble))
	drivertest.Run(t, examples(t), d, drivertest.Options{
		Many:    2,
		Actions: []actors.Action{write("level", roostv1.Uint(5))},
		Refused: []actors.Action{write("level", roostv1.Uint(8))},
		Bad:     []actors.Device{device(""), device("program=../x"), device("program=x arg2=y"), device("program=x secret.pin=1234")},
	})
}

// TestContractShell: so do ten lines of shell.
func TestContractShell(t *testing.T) {
	peertest.Need(t, peertest.Program("sh", "dash"))
	if runtime.GOOS != "linux" {
		t.Skip("the example reads /proc/loadavg")
	}
	d := device("program=load.sh", resource("load", isDouble))
	drivertest.Run(t, examples(t), d, drivertest.Options{Refused: []actors.Action{write("load", roostv1.Double(1))}})
}

// TestContractPushing: so does a program that sends by itself.
func TestContractPushing(t *testing.T) {
	peertest.Need(t, peertest.Program("python3", "python3"))
	d := device("program=ticker.py set.every=0.01", resource("ticks", isUint))
	drivertest.Run(t, examples(t), d, drivertest.Options{Many: 2})
}

// TestContractOwn: a good program of the test's own, without any peer.
func TestContractOwn(t *testing.T) {
	driver, d := behaving(t, "usual", "")
	drivertest.Run(t, driver, d, drivertest.Options{Actions: []actors.Action{{Command: "start"}}, Many: 4})
}
