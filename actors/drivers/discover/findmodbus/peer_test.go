package findmodbus_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findmodbus"
	"github.com/roost-iot/roost/actors/drivers/peertest"
)

// peer starts three units of pymodbus, and returns the line that they are on.
func peer(t *testing.T, way string) (*peertest.Peer, map[string]string) {
	t.Helper()
	peertest.Need(t, peertest.Module("pymodbus", "python3-pymodbus"))
	script := filepath.Join("testdata", "line.py")
	if way != "serial" {
		at := peertest.FreeAddress(t, "tcp")
		return peertest.Start(t, peertest.Command{
			Name: peertest.Python, Args: []string{script, way, peertest.Port(at)}, Ready: []peertest.Ready{peertest.Listens(at)},
		}), map[string]string{way: at}
	}
	peertest.Need(t, peertest.Module("serial_asyncio", "python3-serial-asyncio"), peertest.Program("socat", "socat"))
	folder := t.TempDir()
	device, gateway := filepath.Join(folder, "device"), filepath.Join(folder, "gateway")
	line := peertest.Start(t, peertest.Command{Name: "socat", Args: []string{"-d", "-d", "pty,rawer,link=" + device, "pty,rawer,link=" + gateway}})
	line.Wait(t, "starting data transfer loop")
	return peertest.Start(t, peertest.Command{Name: peertest.Python, Args: []string{script, way, device}, Ready: []peertest.Ready{peertest.Says("listening")}}),
		map[string]string{"serial": gateway, "baud": "19200", "parity": "none"}
}

// TestPeer: the units of a program that nobody here wrote are found, with what they say of themselves, however they are reached.
func TestPeer(t *testing.T) {
	for _, way := range []string{"tcp", "rtu", "serial"} {
		t.Run(way, func(t *testing.T) {
			program, line := peer(t, way)
			began := time.Now()
			stations, progress, err := findmodbus.Find(t.Context(), findmodbus.Config{
				Lines: func(yield func(map[string]string) bool) { yield(line) }, Total: 1, Units: []byte{1, 2, 3, 4, 5, 6, 7, 8},
				Connect: time.Second, Reply: 300 * time.Millisecond, Pause: time.Millisecond, Pace: discover.Pace{Rate: 10, AtOnce: 1},
			})
			if err != nil || progress.Done != 8 {
				t.Fatalf("%+v, %v", progress, err)
			}
			t.Logf("%s: 8 units, of which 3 are there, in %v", way, time.Since(began).Round(time.Millisecond))
			want := []string{"unit 1: Pymodbus Line of three", "unit 5: Pymodbus Line of three", "unit 7: Pymodbus Line of three"}
			if diff := cmp.Diff(want, summary(stations)); diff != "" {
				t.Fatalf("found (-want +got):\n%s", diff)
			}
			d := wantFleet(t, stations)
			if note := d.Note(d.Fleet.Devices[1]); !strings.Contains(note, "holding 0 was 105") || !strings.Contains(note, "revision: 3.0") {
				t.Errorf("note of unit 5: %s", note)
			}
			if len(d.Fleet.Profiles) != 2 || d.Fleet.Profiles[1].Resources[0].Protocol["table"] != "input" {
				t.Errorf("profiles: %v", d.Fleet.Profiles)
			}
			if said := program.Output(); strings.Contains(said, "Traceback") {
				t.Errorf("the peer had trouble: %s", said)
			}
		})
	}
}
