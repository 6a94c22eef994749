//go:build unix

package main_test

import (
	"syscall"
	"testing"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// faultDevices is how many devices the fleets have whose gateways are broken on purpose.
const faultDevices = 60

// brokenFleet returns a fleet of three gateways that is about to be broken, and who has what.
func brokenFleet(t *testing.T) (f *fleet, owners map[string]string) {
	t.Helper()
	f = newFleet(t, faultDevices, nil)
	for _, id := range []string{"gw-1", "gw-2", "gw-3"} {
		f.start(id)
	}
	return f, f.settled("gw-1", "gw-2", "gw-3")
}

// TestKilledGateway: all devices of a gateway that is killed are served by the others; started again on its
// folder it is a member at once, and gets its share back.
func TestKilledGateway(t *testing.T) {
	f, owners := brokenFleet(t)
	f.drive(4)
	at := f.now()
	f.gateways["gw-1"].kill()
	f.takenOver(at, of(owners, "gw-1"), "gw-1")
	f.start("gw-1")
	f.settled("gw-1", "gw-2", "gw-3")
	f.oneDriver()
}

// TestPausedGateway: a gateway that is stopped for three leases and goes on does nothing to its former
// devices after others have acted on them.
func TestPausedGateway(t *testing.T) {
	f, _ := brokenFleet(t)
	f.drive(8)
	for _, id := range []string{"gw-1", "gw-2"} {
		owners := f.settled("gw-1", "gw-2", "gw-3")
		at := f.now()
		f.gateways[id].signal(syscall.SIGSTOP)
		f.flood(of(owners, id))
		f.takenOver(at, of(owners, id), id)
		f.until("three leases have passed", func() bool { return f.now().Sub(at) > 6*time.Second })
		f.gateways[id].signal(syscall.SIGCONT)
	}
	f.settled("gw-1", "gw-2", "gw-3")
	f.oneDriver()
}

// TestCutOffGateway: a gateway that cannot reach the hub any more, and is not told so, lets go of its
// devices in time, and others serve them. When the way is open again it comes back by itself.
func TestCutOffGateway(t *testing.T) {
	f, owners := brokenFleet(t)
	f.drive(8)
	at := f.now()
	f.gateways["gw-1"].wire.Stall()
	f.takenOver(at, of(owners, "gw-1"), "gw-1")
	f.gateways["gw-1"].wire.Resume()
	f.settled("gw-1", "gw-2", "gw-3")
	f.oneDriver()
}

// TestLeavingGateway: a gateway that is asked to end hands all of its devices over before it does, and no
// command of that time has an outcome that nobody knows.
func TestLeavingGateway(t *testing.T) {
	f, owners := brokenFleet(t)
	traffic := f.drive(8)
	at := f.now()
	f.gateways["gw-1"].terminate()
	f.takenOver(at, of(owners, "gw-1"), "gw-1")
	told := traffic.stop()
	for _, state := range []roostv1.CommandState{roostv1.CommandState_COMMAND_STATE_UNKNOWN, roostv1.CommandState_COMMAND_STATE_INDETERMINATE} {
		if n := told[state.Word()]; n > 0 {
			t.Errorf("%d commands are %s: %v", n, state.Word(), told)
		}
	}
	f.oneDriver()
}
