package modbus_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
)

// connections hands each connection, counted from 0 on, to a function of its own, which may not return before it ends.
func (h hardware) connections(each func(n int, conn net.Conn)) {
	go func() {
		for n := 0; ; n++ {
			conn, err := h.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				each(n, conn)
			}()
		}
	}()
}

// line is a frame as a serial line has it: one register of a unit.
func line(t *testing.T, unit byte, value uint16) []byte {
	t.Helper()
	out, err := frame.RTU{Unit: unit, PDU: []byte{3, 2, byte(value >> 8), byte(value)}}.Append(nil)
	if err != nil {
		t.Error(err)
	}
	return out
}

// request is how long one to read a register is on a serial line.
const request = 8

// TestAnotherUnit: on a line without numbers the answer of another device is not taken for this one's.
func TestAnotherUnit(t *testing.T) {
	h := listen(t)
	h.connections(func(_ int, conn net.Conn) {
		for asked := make([]byte, request); ; {
			if _, err := io.ReadFull(conn, asked); err != nil {
				return
			}
			_, _ = conn.Write(append(line(t, 9, 0xBAD0), line(t, 1, 7)...))
		}
	})
	if got := poll(t, open(t, device("d", "rtu="+h.Addr().String(), resource("a", isUint, "address=7"))), "a"); got["a"] != "7" {
		t.Errorf("a is %s, want 7", got["a"])
	}
}

// TestLateOnTheLine: an answer that comes after its time, and could be the next one's, is thrown away before that is asked for.
func TestLateOnTheLine(t *testing.T) {
	h := listen(t)
	h.connections(func(_ int, conn net.Conn) {
		asked := make([]byte, request)
		if _, err := io.ReadFull(conn, asked); err != nil {
			return
		}
		<-time.After(80 * time.Millisecond) // after 50 ms nobody waits for it
		_, _ = conn.Write(line(t, 1, 0xBAD0))
		for {
			if _, err := io.ReadFull(conn, asked); err != nil {
				return
			}
			_, _ = conn.Write(line(t, 1, 7))
		}
	})
	s := open(t, device("d", "reply=50ms rtu="+h.Addr().String(), resource("a", isUint, "address=7")))
	if _, err := s.(actors.Poller).Poll(t.Context(), []string{"a"}); err == nil {
		t.Fatal("there is a value before there was an answer")
	}
	for range 50 { // a busy machine may not answer in time
		samples, err := s.(actors.Poller).Poll(t.Context(), []string{"a"})
		if err != nil {
			continue
		}
		if got := samples[0].Value.Format(); got != "7" {
			t.Errorf("a is %s, want 7", got)
		}
		return
	}
	t.Error("no poll had an answer")
}

// TestHalfFrame: what is left of a frame that was cut off is not taken for the beginning of the next.
func TestHalfFrame(t *testing.T) {
	h := listen(t)
	h.connections(func(n int, conn net.Conn) {
		var rest []byte
		for asked := make([]byte, 12); ; {
			if _, err := io.ReadFull(conn, asked); err != nil {
				return
			}
			answer := append(rest, registersOf(asked)...)
			rest = nil
			if n == 0 && len(answer) == 11 {
				answer, rest = answer[:8], answer[8:]
			}
			_, _ = conn.Write(answer)
		}
	})
	s := open(t, device("d", h.address()+" reply=100ms", resource("a", isUint, "address=7")))
	if _, err := s.(actors.Poller).Poll(t.Context(), []string{"a"}); err == nil {
		t.Fatal("half a frame is a value")
	}
	if got := poll(t, s, "a"); got["a"] != "7" {
		t.Errorf("a is %s, want 7", got["a"])
	}
}

// TestConverterHearsNothing: a device that does not answer its converter has not answered: that is no value of bad quality.
func TestConverterHearsNothing(t *testing.T) {
	for _, exception := range []byte{10, 11} {
		h := listen(t)
		h.serve(func(_ int, asked []byte) []byte { return answerTo(asked, asked[6], asked[7]|0x80, exception) })
		s := open(t, device("d", h.address(), resource("a", isUint, "address=7")))
		if samples, err := s.(actors.Poller).Poll(t.Context(), []string{"a"}); err == nil {
			t.Errorf("exception %d is the poll's value %v", exception, samples)
		}
	}
}
