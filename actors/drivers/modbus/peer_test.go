package modbus_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The devices here are pymodbus, a program that nobody here wrote, over TCP, over TCP with the frames of serial lines, and at the other end
// of a pair of pseudo terminals by socat, which the driver takes for a serial port.

// peer is a device in a process of its own.
type peer struct {
	*peertest.Peer
	address string // for the device
}

// startPeer starts devices, which end with the test; more are arguments of the program.
func startPeer(t testing.TB, way string, more ...string) *peer {
	t.Helper()
	peertest.Need(t, peertest.Module("pymodbus", "python3-pymodbus"), peertest.Module("serial_asyncio", "python3-serial-asyncio"),
		peertest.Program("socat", "socat"))
	var at, address string
	if way == "serial" {
		at, address = serialPair(t)
	} else {
		to := peertest.FreeAddress(t, "tcp")
		at, address = peertest.Port(to), way+"="+to
	}
	d := device("probe", address+" reply=200ms", resource("h", isUint, "address=0"))
	return &peer{address: address, Peer: peertest.Start(t, peertest.Command{
		Name: peertest.Python, Args: append([]string{filepath.Join("testdata", "peer.py"), way, at}, more...),
		Ready: []peertest.Ready{peertest.Answers(func(ctx context.Context) error { return pollOnce(ctx, d) })},
	})}
}

// serialPair returns the ends of a serial line.
func serialPair(t testing.TB) (far, address string) {
	t.Helper()
	folder := t.TempDir()
	far, near := filepath.Join(folder, "device"), filepath.Join(folder, "gateway")
	peertest.Start(t, peertest.Command{
		Name: "socat", Args: []string{"-d", "-d", "pty,rawer,link=" + far, "pty,rawer,link=" + near},
		Ready: []peertest.Ready{peertest.Says("starting data transfer loop")},
	})
	return far, "parity=none stop=1 serial=" + near
}

func pollOnce(ctx context.Context, d actors.Device) error {
	s, err := new(modbus.Driver).Open(ctx, d)
	if err != nil {
		return err
	}
	_, err = s.(actors.Poller).Poll(ctx, []string{d.Profile.Resources[0].Name})
	return errors.Join(err, s.Close(ctx))
}

// plant is what the device of the peer has.
func plant() []*roostv1.Resource {
	return []*roostv1.Resource{
		resource("level", isUint, "address=10"), resource("pair", isUint, "address=20 encoding=uint32"),
		resource("swapped", isUint, "address=20 encoding=uint32 order=CDAB"), resource("scaled", isDouble, "address=30 scale=0.1 offset=5"),
		resource("measured", isInt, "table=input address=7"), resource("odd", isBool, "table=discrete address=7"),
		resource("even", isBool, "table=discrete address=8"), resource("pump", isBool, "table=coil address=3"),
		resource("third", isBool, "address=40 bit=3"), resource("real", isDouble, "address=50 encoding=float32 order=CDAB"),
		resource("name", isText, "address=60 length=8"), resource("none", isUint, "address=500"),
	}
}

var ways = []string{"tcp", "rtu", "serial"}

// TestContract: the driver keeps its contract with devices of every kind.
func TestContract(t *testing.T) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			p := startPeer(t, way)
			d := device("plant", p.address+" unit=2", plant()...)
			write := func(name string, v *roostv1.Value) actors.Action { return actors.Action{Resource: name, Value: v} }
			drivertest.Run(t, new(modbus.Driver), d, drivertest.Options{
				Actions: []actors.Action{
					write("level", roostv1.Uint(7)), write("pump", roostv1.Bool(true)), write("third", roostv1.Bool(true)),
					write("real", roostv1.Double(1.5)), write("name", roostv1.Text("AK1")), write("swapped", roostv1.Uint(1)),
				},
				Refused: []actors.Action{write("level", roostv1.Uint(65536)), write("none", roostv1.Uint(1)), write("measured", roostv1.Int(1))},
				Bad:     []actors.Device{device("plant", p.address, resource("r", isUint, ""))},
			})
		})
	}
}

// TestValues: what the device has is what is read, and what is written is what it has.
func TestValues(t *testing.T) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			p := startPeer(t, way)
			s := open(t, device("plant", p.address, plant()...))
			wantValues(t, s, map[string]string{
				"level": "10", "pair": "1310741", "swapped": "1376276", "scaled": "8", "measured": "1007", "odd": "true", "even": "false",
				"pump": "false", "third": "true", "none": "NOT_CONNECTED",
			})
			for name, v := range map[string]*roostv1.Value{
				"level": roostv1.Uint(900), "swapped": roostv1.Uint(0xDEADBEEF), "scaled": roostv1.Double(25), "pump": roostv1.Bool(true),
				"third": roostv1.Bool(false), "real": roostv1.Double(-0.5), "name": roostv1.Text("Kessel 1"),
			} {
				if _, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{Resource: name, Value: v}); err != nil {
					t.Error(err)
				}
			}
			wantValues(t, s, map[string]string{
				"level": "900", "swapped": "3735928559", "scaled": "25", "pump": "true", "third": "false", "real": "-0.5", "name": roostv1.Text("Kessel 1").Format(),
			})
			// The bit's neighbours in register 40, which had been 101000 in binary, are what they were.
			other := open(t, device("other", p.address, resource("whole", isUint, "address=40")))
			wantValues(t, other, map[string]string{"whole": "32"})
		})
	}
}

func wantValues(t *testing.T, s actors.Session, want map[string]string) {
	t.Helper()
	var names []string
	for name := range want {
		names = append(names, name)
	}
	got := poll(t, s, names...)
	for name, want := range want {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

// TestPeerStops: of a device that stands still nothing is known, and when it goes on, so does the driver; no late answer is taken for a later
// question's.
func TestPeerStops(t *testing.T) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			p := startPeer(t, way)
			s := open(t, device("plant", p.address+" reply=100ms", plant()...))
			p.Pause(t)
			began := time.Now()
			if _, err := s.(actors.Poller).Poll(t.Context(), []string{"level"}); err == nil {
				t.Fatal("a device that stands still has answered")
			}
			_, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{Resource: "level", Value: roostv1.Uint(77)})
			wantOutcome(t, err, errUnknown)
			p.Resume(t)
			went := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			for {
				samples, err := s.(actors.Poller).Poll(ctx, []string{"measured"})
				if err == nil {
					if got := samples[0].Value.Format(); got != "1007" {
						t.Errorf("measured is %s, want 1007: an answer to another question was taken for it", got)
					}
					break
				}
				if ctx.Err() != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%s: stood still for %v, read again after %v", way, went.Sub(began).Round(time.Millisecond), time.Since(went).Round(time.Millisecond))
		})
	}
}

// TestPeerRestarts: the same session reads again once the device is back.
func TestPeerRestarts(t *testing.T) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			p := startPeer(t, way)
			s := open(t, device("plant", p.address+" reply=200ms", plant()...))
			wantValues(t, s, map[string]string{"level": "10"})
			p.Kill()
			if _, err := s.(actors.Poller).Poll(t.Context(), []string{"level"}); err == nil {
				t.Fatal("a device that was killed has answered")
			}
			p.Restart(t)
			back := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			for {
				_, err := s.(actors.Poller).Poll(ctx, []string{"level"})
				if err == nil {
					break
				}
				if ctx.Err() != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%s: read again %v after it was back", way, time.Since(back).Round(time.Millisecond))
		})
	}
}

// TestNoSuchUnit: what is behind a converter and does not answer fails the poll, and others behind it do not.
func TestNoSuchUnit(t *testing.T) {
	p := startPeer(t, "tcp")
	driver := new(modbus.Driver)
	dead, err := driver.Open(t.Context(), device("dead", p.address+" unit=9 reply=100ms", plant()...))
	if err != nil {
		t.Fatal(err)
	}
	live, err := driver.Open(t.Context(), device("live", p.address+" unit=2", plant()...))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := dead.(actors.Poller).Poll(t.Context(), []string{"level"}); err == nil {
			t.Error("unit 9 has answered")
		}
		wantValues(t, live, map[string]string{"level": "10"})
	}
	if err := errors.Join(dead.Close(t.Context()), live.Close(t.Context())); err != nil {
		t.Error(err)
	}
}
