package modbus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestLastSessionEndsTheLine: the connection ends with the last session on it, and not before.
func TestLastSessionEndsTheLine(t *testing.T) {
	h := listen(t)
	ended := make(chan error, 1)
	h.connections(func(_ int, conn net.Conn) {
		_, err := io.Copy(io.Discard, conn)
		ended <- err
	})
	driver := new(modbus.Driver)
	for i, id := range []string{"one", "two"} {
		s, err := driver.Open(t.Context(), device(id, h.address(), resource("a", isUint, "address=7")))
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if i == 1 { // the first to be closed
				select {
				case <-ended:
					t.Error("the connection ended while a session was on it")
				default:
				}
				return
			}
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				t.Error("the connection outlives its sessions")
			}
		}()
	}
}

// TestPause: the line rests between an answer and the next request.
func TestPause(t *testing.T) {
	h := listen(t)
	var answered time.Time
	h.serve(func(n int, asked []byte) []byte { // one at a time
		if rest := time.Since(answered); n > 0 && rest < 90*time.Millisecond {
			t.Errorf("request %d came %v after an answer, want 100ms", n, rest)
		}
		answered = time.Now()
		return registersOf(asked)
	})
	s := open(t, device("d", h.address()+" pause=100ms", resource("a", isUint, "address=7"), resource("far", isUint, "address=100")))
	poll(t, s, "a", "far")
	poll(t, s, "a")
}

// TestClosedWhileItWaits: what waits for the line when its session is closed is not sent any more.
func TestClosedWhileItWaits(t *testing.T) {
	h := listen(t)
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	requests := h.serve(func(n int, request []byte) []byte {
		if n == 0 {
			asked <- struct{}{}
			<-answer
		}
		if binary.BigEndian.Uint16(request[4:]) == 6 && request[7] == 6 {
			return answerTo(request, request[6:]...)
		}
		return registersOf(request)
	})
	driver := new(modbus.Driver)
	var sessions []actors.Session
	for _, id := range []string{"one", "two"} {
		s, err := driver.Open(t.Context(), device(id, h.address()+" reply=20s", resource("a", isUint, "address=7")))
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, s)
	}
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := sessions[0].(actors.Poller).Poll(t.Context(), []string{"a"})
		first <- err
	}()
	<-asked
	go func() { // whether it waits already when its session is closed or not: it must not be sent
		_, err := sessions[1].(actors.Actuator).Actuate(t.Context(), actors.Action{Resource: "a", Value: roostv1.Uint(5)})
		second <- err
	}()
	if err := sessions[1].Close(t.Context()); err != nil {
		t.Error(err)
	}
	close(answer)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := <-second; !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a write of a closed session ends with %v, want ErrNotSent", err)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests were sent, want 1", n)
	}
	if err := sessions[0].Close(t.Context()); err != nil {
		t.Error(err)
	}
}
