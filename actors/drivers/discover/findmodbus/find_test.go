package findmodbus_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findmodbus"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Here a test plays the devices, byte by byte; peer_test.go has one that other people wrote.

// listen answers each request over TCP with unit and data that answer gives; nil is no answer. It counts the requests.
func listen(t *testing.T, answer func(unit byte, pdu []byte) []byte) (at string, requests *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	requests = new(atomic.Int64)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn, func(unit byte, pdu []byte) []byte {
				requests.Add(1)
				if f := pdu[0]; f != 1 && f != 2 && f != 3 && f != 4 && f != 43 {
					t.Errorf("function %d was sent", f)
				}
				return answer(unit, pdu)
			})
		}
	}()
	return l.Addr().String(), requests
}

func serve(conn net.Conn, answer func(unit byte, pdu []byte) []byte) {
	defer conn.Close()
	for {
		header := make([]byte, 7)
		if _, err := io.ReadFull(conn, header); err != nil {
			return
		}
		pdu := make([]byte, binary.BigEndian.Uint16(header[4:])-1)
		if _, err := io.ReadFull(conn, pdu); err != nil {
			return
		}
		got := answer(header[6], pdu)
		if got == nil {
			continue
		}
		out := binary.BigEndian.AppendUint16(slices.Clone(header[:4]), uint16(1+len(got)))
		if _, err := conn.Write(append(append(out, header[6]), got...)); err != nil {
			return
		}
	}
}

func refuse(pdu []byte, with frame.Exception) []byte { return []byte{pdu[0] | 0x80, byte(with)} }

// find looks at addresses with units 1 to 4.
func find(ctx context.Context, t *testing.T, lines ...string) ([]findmodbus.Station, discover.Progress) {
	t.Helper()
	var news []string
	stations, progress, err := findmodbus.Find(ctx, findmodbus.Config{
		Lines: func(yield func(map[string]string) bool) {
			for _, l := range lines {
				if !yield(map[string]string{"tcp": l}) {
					return
				}
			}
		},
		Total: len(lines), Units: []byte{1, 2, 3, 4}, Connect: time.Second, Reply: 50 * time.Millisecond,
		Pace: discover.Pace{Rate: 1000, AtOnce: 4}, Tell: func(p discover.Progress) { news = append(news, p.News) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if last := len(news) - 1; last >= 0 && ctx.Err() == nil && progress.Done != progress.Total {
		t.Errorf("it ended with %d of %d", progress.Done, progress.Total)
	}
	return stations, progress
}

// wantFleet checks that what was found makes a fleet that the driver takes, and returns it.
func wantFleet(t *testing.T, stations []findmodbus.Station) *discover.Draft {
	t.Helper()
	d := findmodbus.Draft(stations)
	if problems := roostv1.ValidateFleet(d.Fleet); len(problems) > 0 {
		t.Errorf("problems of the fleet: %v", problems)
	}
	for _, spec := range d.Fleet.Devices {
		for _, p := range d.Fleet.Profiles {
			if p.Id == spec.Profile {
				if err := new(modbus.Driver).Check(actors.Device{Spec: spec, Profile: p}); err != nil {
					t.Errorf("the driver does not take %s: %v", spec.Id, err)
				}
			}
		}
	}
	return d
}

func summary(stations []findmodbus.Station) []string {
	var all []string
	for _, s := range stations {
		text := s.String()
		all = append(all, text[strings.Index(text, "unit"):])
	}
	return all
}

// TestConverter: units that answer are found, and those of whom a converter says that they are away, or of whom nobody says anything, are not.
func TestConverter(t *testing.T) {
	at, _ := listen(t, func(unit byte, pdu []byte) []byte {
		switch {
		case unit == 1 && pdu[0] == 3:
			return []byte{3, 2, 0, 7}
		case unit == 1 && pdu[0] == 43 && pdu[2] == 1:
			return append([]byte{43, 14, 1, 2, 0, 0, 2, 0, 4}, "Acme\x01\x03X\x00\n"...) // with what does not print
		case unit == 1 && pdu[0] == 43 && pdu[2] == 2 && pdu[3] == 3:
			return append([]byte{43, 14, 2, 2, 0xFF, 5, 1, 3, 3}, "url"...) // there is more
		case unit == 1 && pdu[0] == 43 && pdu[2] == 2 && pdu[3] == 5:
			return append([]byte{43, 14, 2, 2, 0, 0, 1, 5, 5}, "M-100"...)
		case unit == 2 && pdu[0] == 4:
			return []byte{4, 2, 1, 0}
		case unit == 2:
			return refuse(pdu, frame.IllegalFunction)
		case unit == 3:
			return nil
		}
		return refuse(pdu, frame.GatewayTargetNoAnswers)
	})
	stations, _ := find(t.Context(), t, at)
	if diff := cmp.Diff([]string{"unit 1: Acme M-100", "unit 2: a device that does not say what it is"}, summary(stations)); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	d := wantFleet(t, stations)
	first, second := d.Fleet.Devices[0], d.Fleet.Devices[1]
	if first.Bus == "" || first.Bus != second.Bus || first.Address["unit"] != "1" || second.Address["unit"] != "2" {
		t.Errorf("devices: %v, %v", first, second)
	}
	if got := d.Fleet.Profiles[1].Resources[0].Protocol["table"]; got != "input" {
		t.Errorf("the register of unit 2 is in %s", got)
	}
	if note := d.Note(first); !strings.Contains(note, "model: M-100") || !strings.Contains(note, "holding 0 was 7") || strings.ContainsAny(note, "\x00") {
		t.Errorf("note: %q", note)
	}
}

// TestWhateverTheUnit: a device that answers for all units is one device.
func TestWhateverTheUnit(t *testing.T) {
	at, requests := listen(t, func(_ byte, pdu []byte) []byte { return refuse(pdu, frame.IllegalAddress) })
	stations, _ := find(t.Context(), t, at)
	if len(stations) != 1 || !stations[0].Every || stations[0].Register != nil {
		t.Fatalf("found %+v", stations)
	}
	if n := requests.Load(); n > 6 {
		t.Errorf("%d requests for one device", n)
	}
	if d := wantFleet(t, stations); len(d.Fleet.Devices) != 1 || d.Fleet.Devices[0].Bus != "" {
		t.Errorf("devices: %v", d.Fleet.Devices)
	}
}

// TestNoModbus: what speaks something else is not found, and is soon left alone.
func TestNoModbus(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var connections atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"))
			go func() { _, _ = io.Copy(io.Discard, conn) }()
		}
	}()
	if stations, _ := find(t.Context(), t, l.Addr().String()); len(stations) > 0 {
		t.Errorf("found %v", stations)
	}
	if n := connections.Load(); n > 3 {
		t.Errorf("%d connections to what is no Modbus", n)
	}
}

// TestInterrupted: what was found until the end of the context is told, and the end is soon.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	at, _ := listen(t, func(unit byte, pdu []byte) []byte {
		if unit != 1 {
			cancel()
			return nil
		}
		return refuse(pdu, frame.IllegalAddress)
	})
	began := time.Now()
	stations, progress := find(ctx, t, at, "127.0.0.1:1")
	if len(stations) != 1 || progress.Done >= progress.Total {
		t.Errorf("found %v, %+v", stations, progress)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v to end", took)
	}
	wantFleet(t, stations)
}

// TestPause: a line rests between questions.
func TestPause(t *testing.T) {
	var last atomic.Int64
	at, requests := listen(t, func(_ byte, pdu []byte) []byte {
		now := time.Now().UnixNano()
		if before := last.Swap(now); before != 0 && time.Duration(now-before) < 20*time.Millisecond {
			t.Errorf("asked again after %v", time.Duration(now-before))
		}
		return refuse(pdu, frame.GatewayNoPath)
	})
	_, _, err := findmodbus.Find(t.Context(), findmodbus.Config{
		Lines: func(yield func(map[string]string) bool) { yield(map[string]string{"tcp": at}) }, Total: 1, Units: []byte{1, 2, 3, 4, 5},
		Connect: time.Second, Reply: time.Second, Pause: 25 * time.Millisecond, Pace: discover.Pace{Rate: 100, AtOnce: 1},
	})
	if err != nil || requests.Load() != 5 {
		t.Errorf("%d questions, %v", requests.Load(), err)
	}
}
