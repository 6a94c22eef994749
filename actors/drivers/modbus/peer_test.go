package modbus_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The devices here are pymodbus, a program that nobody here wrote, over TCP, over TCP with the frames of serial lines, and at the other end
// of a pair of pseudo terminals by socat, which the driver takes for a serial port.

// python has pymodbus; Debian's package python3-pymodbus is for the system's own interpreter.
const python = "/usr/bin/python3"

// needPeer skips the test where its peer is not installed. With ROOST_PEERS it must be.
func needPeer(t testing.TB) {
	t.Helper()
	err := exec.Command(python, "-c", "import pymodbus.server").Run()
	if err == nil {
		_, err = exec.LookPath("socat")
	}
	switch {
	case err == nil:
	case os.Getenv("ROOST_PEERS") != "":
		t.Fatalf("pymodbus or socat is missing: %v", err)
	default:
		t.Skipf("needs the Debian packages python3-pymodbus, python3-serial-asyncio and socat: %v", err)
	}
}

// peer is a device in a process of its own.
type peer struct {
	way, at string // how, and at which port or file
	address string // for the device
	process *exec.Cmd
}

// startPeer starts a device, which ends with the test.
func startPeer(t testing.TB, way string) *peer {
	t.Helper()
	needPeer(t)
	p := &peer{way: way}
	if way == "serial" {
		p.at, p.address = serialPair(t)
	} else {
		p.at, p.address = freePort(t, way)
	}
	p.start(t)
	t.Cleanup(p.kill)
	return p
}

func freePort(t testing.TB, way string) (at, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port, way + "=127.0.0.1:" + port
}

// serialPair returns the ends of a serial line.
func serialPair(t testing.TB) (device, address string) {
	t.Helper()
	folder := t.TempDir()
	device, gateway := filepath.Join(folder, "device"), filepath.Join(folder, "gateway")
	socat := exec.Command("socat", "-d", "-d", "pty,rawer,link="+device, "pty,rawer,link="+gateway)
	says, err := socat.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := socat.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = socat.Process.Kill()
		_ = socat.Wait()
	})
	for lines := bufio.NewScanner(says); lines.Scan(); {
		if strings.Contains(lines.Text(), "starting data transfer loop") {
			return device, "parity=none stop=1 serial=" + gateway
		}
	}
	t.Fatal("socat made no pair of terminals")
	return "", ""
}

// start starts the process, and waits until the device answers.
func (p *peer) start(t testing.TB) {
	t.Helper()
	p.process = exec.Command(python, filepath.Join("testdata", "peer.py"), p.way, p.at)
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	p.answers(ctx, t)
}

// answers waits until the device does.
func (p *peer) answers(ctx context.Context, t testing.TB) {
	t.Helper()
	d := device("probe", p.address+" reply=200ms", resource("h", isUint, "address=0"))
	for {
		err := pollOnce(ctx, d)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("pymodbus (%s) does not answer: %v", p.way, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func pollOnce(ctx context.Context, d actors.Device) error {
	s, err := new(modbus.Driver).Open(ctx, d)
	if err != nil {
		return err
	}
	_, err = s.(actors.Poller).Poll(ctx, []string{d.Profile.Resources[0].Name})
	return errors.Join(err, s.Close(ctx))
}

func (p *peer) kill() {
	_ = p.process.Process.Kill()
	_ = p.process.Wait()
}

func (p *peer) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.process.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
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
	if runtime.GOOS == "windows" {
		t.Skip("no process can be stopped on windows")
	}
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			p := startPeer(t, way)
			s := open(t, device("plant", p.address+" reply=100ms", plant()...))
			p.signal(t, syscall.SIGSTOP)
			began := time.Now()
			if _, err := s.(actors.Poller).Poll(t.Context(), []string{"level"}); err == nil {
				t.Fatal("a device that stands still has answered")
			}
			_, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{Resource: "level", Value: roostv1.Uint(77)})
			wantOutcome(t, err, errUnknown)
			p.signal(t, syscall.SIGCONT)
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
			p.kill()
			if _, err := s.(actors.Poller).Poll(t.Context(), []string{"level"}); err == nil {
				t.Fatal("a device that was killed has answered")
			}
			p.start(t)
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
