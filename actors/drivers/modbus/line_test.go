package modbus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Good devices are programs of other people, in peer_test.go. Here a test plays the device, byte by byte, to do what no good
// device does.

// hardware is where the driver dials.
type hardware struct{ net.Listener }

func listen(t testing.TB) hardware {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return hardware{l}
}

// serve answers each request over TCP with what answer says, until the test ends. It is given the request's number, from 0
// on, and its bytes after the length; nil is no answer.
func (h hardware) serve(answer func(n int, request []byte) (response []byte)) *atomic.Int64 {
	var requests atomic.Int64
	go func() {
		for {
			conn, err := h.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for {
					header := make([]byte, 6)
					if _, err := io.ReadFull(conn, header); err != nil {
						return
					}
					request := make([]byte, binary.BigEndian.Uint16(header[4:]))
					if _, err := io.ReadFull(conn, request); err != nil {
						return
					}
					response := answer(int(requests.Add(1))-1, append(header, request...))
					if _, err := conn.Write(response); err != nil {
						return
					}
				}
			}()
		}
	}()
	return &requests
}

// answerTo returns the frame of an answer to a request: with its number, and the unit and data that are given.
func answerTo(request []byte, unitAndPDU ...byte) []byte {
	out := append([]byte{}, request[:4]...)
	return append(binary.BigEndian.AppendUint16(out, uint16(len(unitAndPDU))), unitAndPDU...)
}

// registersOf answers a request to read registers: each is its own address.
func registersOf(request []byte) []byte {
	address, count := binary.BigEndian.Uint16(request[8:]), binary.BigEndian.Uint16(request[10:])
	pdu := []byte{request[6], request[7], byte(2 * count)}
	for i := range count {
		pdu = binary.BigEndian.AppendUint16(pdu, address+i)
	}
	return answerTo(request, pdu...)
}

func (h hardware) address() string { return "tcp=" + h.Addr().String() }

func open(t testing.TB, d actors.Device) actors.Session {
	t.Helper()
	s, err := new(modbus.Driver).Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// poll returns what the resources are, with the reason of those that have no value.
func poll(t testing.TB, s actors.Session, names ...string) map[string]string {
	t.Helper()
	samples, err := s.(actors.Poller).Poll(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) != len(names) {
		t.Errorf("%d samples of %d resources", len(samples), len(names))
	}
	got := map[string]string{}
	for _, s := range samples {
		got[s.Resource] = s.Value.Format()
		if s.Value == nil {
			got[s.Resource] = strings.TrimPrefix(s.Reason.String(), "QUALITY_REASON_")
		}
	}
	return got
}

// TestMerged: neighbours are read with one request, and not more than may be.
func TestMerged(t *testing.T) {
	h := listen(t)
	requests := h.serve(func(_ int, request []byte) []byte { return registersOf(request) })
	resources := []*roostv1.Resource{
		resource("a", isUint, "address=10"), resource("b", isUint, "address=11 encoding=uint32"), resource("c", isUint, "address=15"),
		resource("d", isUint, "address=11"), resource("far", isUint, "address=200"), resource("i", isUint, "address=14 table=input"),
	}
	want := map[string]string{"a": "10", "b": "720908", "c": "15", "d": "11", "far": "200", "i": "14"}
	for _, test := range []struct {
		settings string
		requests int64
	}{
		{"", 4},              // 10 to 12, 15, 200, input 14
		{" gap=2", 3},        // 10 to 15, 200, input 14
		{" gap=1", 4},        // two registers lie between
		{" gap=2 most=5", 4}, // 10 to 12, 15, 200, input 14
		{" most=2", 5},       // 10 and 11, 11 and 12, 15, 200, input 14
	} {
		before := requests.Load()
		got := poll(t, open(t, device("d", h.address()+test.settings, resources...)), "far", "a", "b", "c", "d", "i")
		for name, want := range want {
			if got[name] != want {
				t.Errorf("with%s %s is %s, want %s", test.settings, name, got[name], want)
			}
		}
		if n := requests.Load() - before; n != test.requests {
			t.Errorf("with%s there were %d requests, want %d", test.settings, n, test.requests)
		}
	}
}

// TestHole: a device that refuses to give registers together gives them one by one, and that is remembered.
func TestHole(t *testing.T) {
	h := listen(t)
	requests := h.serve(func(_ int, request []byte) []byte {
		if address, count := binary.BigEndian.Uint16(request[8:]), binary.BigEndian.Uint16(request[10:]); count > 1 || address == 2 {
			return answerTo(request, request[6], request[7]|0x80, 2)
		}
		return registersOf(request)
	})
	s := open(t, device("d", h.address(), resource("a", isUint, "address=1"), resource("none", isUint, "address=2"), resource("c", isUint, "address=3")))
	for i, want := range []int64{4, 3} {
		before := requests.Load()
		got := poll(t, s, "a", "none", "c")
		if got["a"] != "1" || got["c"] != "3" || got["none"] != "NOT_CONNECTED" {
			t.Errorf("poll %d: %v", i, got)
		}
		if n := requests.Load() - before; n != want {
			t.Errorf("poll %d took %d requests, want %d", i, n, want)
		}
	}
}

// TestWrongTransaction: the answer to another request is not taken for this one's.
func TestWrongTransaction(t *testing.T) {
	h := listen(t)
	h.serve(func(_ int, request []byte) []byte {
		late := answerTo(request, request[6], 3, 2, 0xBA, 0xD0)
		late[1]--
		return append(late, registersOf(request)...)
	})
	if got := poll(t, open(t, device("d", h.address(), resource("a", isUint, "address=7"))), "a"); got["a"] != "7" {
		t.Errorf("a is %s, want 7", got["a"])
	}
}

// TestLateAnswer: what comes after its time is not taken for the next answer.
func TestLateAnswer(t *testing.T) {
	h := listen(t)
	var first []byte
	h.serve(func(n int, request []byte) []byte {
		if n == 0 {
			first = answerTo(request, request[6], 3, 2, 0xBA, 0xD0)
			return nil
		}
		return append(first, registersOf(request)...)
	})
	s := open(t, device("d", h.address()+" reply=50ms", resource("a", isUint, "address=7")))
	_, err := s.(actors.Poller).Poll(t.Context(), []string{"a"})
	if err == nil || !strings.Contains(err.Error(), "unit 1 did not answer within 50ms") {
		t.Fatalf("no answer ends with %v", err)
	}
	if got := poll(t, s, "a"); got["a"] != "7" {
		t.Errorf("a is %s, want 7", got["a"])
	}
}

// TestGarbled: what is no Modbus ends the connection, and the next call makes another.
func TestGarbled(t *testing.T) {
	h := listen(t)
	h.serve(func(n int, request []byte) []byte {
		if n == 0 {
			return []byte("HTTP/1.1 400 Bad Request\r\n\r\n")
		}
		return registersOf(request)
	})
	s := open(t, device("d", h.address(), resource("a", isUint, "address=7")))
	if _, err := s.(actors.Poller).Poll(t.Context(), []string{"a"}); err == nil || !strings.Contains(err.Error(), "garbled") {
		t.Fatalf("an answer of HTTP ends with %v", err)
	}
	if got := poll(t, s, "a"); got["a"] != "7" {
		t.Errorf("a is %s, want 7", got["a"])
	}
}

// TestDumbConnection: after two requests without an answer the driver dials anew: the other end may be gone without a word.
func TestDumbConnection(t *testing.T) {
	h := listen(t)
	dialed := make(chan net.Conn, 8)
	go func() {
		for {
			conn, err := h.Accept()
			if err != nil {
				close(dialed)
				return
			}
			dialed <- conn // nobody reads it
		}
	}()
	s := open(t, device("d", h.address()+" reply=20ms", resource("a", isUint, "address=7")))
	for range 3 {
		if _, err := s.(actors.Poller).Poll(t.Context(), []string{"a"}); err == nil {
			t.Fatal("nobody answered, and there is a value")
		}
	}
	_ = h.Close()
	var conns []net.Conn
	for conn := range dialed {
		conns = append(conns, conn)
		_ = conn.Close()
	}
	if len(conns) != 2 {
		t.Errorf("there were %d connections, want 2", len(conns))
	}
}

// TestOutcomes: what a write's sender may be told.
func TestOutcomes(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(request []byte) []byte
		want   error // nil: done; unknown: nobody knows
	}{
		"acknowledged":           {func(r []byte) []byte { return answerTo(r, r[6:]...) }, nil},
		"illegal value":          {func(r []byte) []byte { return answerTo(r, r[6], 0x86, 3) }, actors.ErrRefused},
		"busy":                   {func(r []byte) []byte { return answerTo(r, r[6], 0x86, 6) }, actors.ErrRefused},
		"failed on its way":      {func(r []byte) []byte { return answerTo(r, r[6], 0x86, 4) }, errUnknown},
		"begun":                  {func(r []byte) []byte { return answerTo(r, r[6], 0x86, 5) }, errUnknown},
		"nothing heard of it":    {func(r []byte) []byte { return answerTo(r, r[6], 0x86, 11) }, errUnknown},
		"no answer":              {func([]byte) []byte { return nil }, errUnknown},
		"another value":          {func(r []byte) []byte { return answerTo(r, r[6], 6, 0, 7, 0, 99) }, errUnknown},
		"another function":       {func(r []byte) []byte { return answerTo(r, r[6], 16, 0, 7, 0, 1) }, errUnknown},
		"half an acknowledgment": {func(r []byte) []byte { return answerTo(r, r[6:]...)[:9] }, errUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			h := listen(t)
			requests := h.serve(func(_ int, request []byte) []byte { return test.answer(request) })
			s := open(t, device("d", h.address()+" reply=50ms", resource("a", isUint, "address=7")))
			_, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{Resource: "a", Value: roostv1.Uint(5)})
			wantOutcome(t, err, test.want)
			if n := requests.Load(); n != 1 {
				t.Errorf("it was sent %d times", n)
			}
		})
	}
}

var errUnknown = errors.New("unknown")

func wantOutcome(t *testing.T, err, want error) {
	t.Helper()
	certain := errors.Is(err, actors.ErrNotSent) || errors.Is(err, actors.ErrRefused)
	switch {
	case want == nil && err != nil, want != nil && err == nil:
		t.Errorf("ends with %v, want %v", err, want)
	case want == errUnknown && certain, want != nil && want != errUnknown && !errors.Is(err, want):
		t.Errorf("ends with %v, want %v", err, want)
	}
}

// TestNotSent: no byte leaves for what cannot be sent, and the error says so.
func TestNotSent(t *testing.T) {
	h := listen(t)
	requests := h.serve(func(_ int, request []byte) []byte { return answerTo(request, request[6:]...) })
	only := resource("in", isUint, "address=0 table=input")
	s := open(t, device("d", h.address(), resource("a", isUint, "address=7"), only))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx    context.Context
		action actors.Action
	}{
		"a context that has ended": {ended, actors.Action{Resource: "a", Value: roostv1.Uint(5)}},
		"a value that is too high": {t.Context(), actors.Action{Resource: "a", Value: roostv1.Uint(65536)}},
		"no resource":              {t.Context(), actors.Action{Command: "start"}},
		"one that is read only":    {t.Context(), actors.Action{Resource: "in", Value: roostv1.Uint(5)}},
	} {
		if _, err := s.(actors.Actuator).Actuate(test.ctx, test.action); !errors.Is(err, actors.ErrNotSent) {
			t.Errorf("%s ends with %v, want ErrNotSent", name, err)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestOneAtATime: devices on one line share a connection, and one request is on its way at a time; who waits for the line too long has
// sent nothing.
func TestOneAtATime(t *testing.T) {
	h := listen(t)
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	h.serve(func(n int, request []byte) []byte {
		if n == 0 {
			asked <- struct{}{}
			<-answer
		}
		return registersOf(request)
	})
	driver := new(modbus.Driver)
	var sessions []actors.Session
	for _, id := range []string{"one", "two"} {
		s, err := driver.Open(t.Context(), device(id, h.address()+" reply=5s", resource("a", isUint, "address=7")))
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, s)
	}
	first := make(chan error, 1)
	go func() {
		_, err := sessions[0].(actors.Poller).Poll(t.Context(), []string{"a"})
		first <- err
	}()
	<-asked
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := sessions[1].(actors.Actuator).Actuate(soon, actors.Action{Resource: "a", Value: roostv1.Uint(5)}); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a write that waited for the line ends with %v, want ErrNotSent", err)
	}
	close(answer)
	if err := <-first; err != nil {
		t.Error(err)
	}
	for _, s := range sessions {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestUnreachable: what is not there is told with its name.
func TestUnreachable(t *testing.T) {
	h := listen(t)
	_ = h.Close()
	_, err := new(modbus.Driver).Open(t.Context(), device("meter", h.address(), resource("a", isUint, "address=7")))
	if err == nil || !strings.Contains(err.Error(), "open meter: tcp "+h.Addr().String()+" cannot be opened: ") || strings.Count(err.Error(), h.Addr().String()) != 1 {
		t.Errorf("a device that is not there: %v", err)
	}
	_, err = new(modbus.Driver).Open(t.Context(), device("meter", "serial=/dev/there-is-none", resource("a", isUint, "address=7")))
	if err == nil || !strings.Contains(err.Error(), "serial /dev/there-is-none cannot be opened") {
		t.Errorf("a port that is not there: %v", err)
	}
}
