package modbus_test

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// forgetful is a device that ends its first connection after one answer, and says so. With others it stays. It counts what is written.
func forgetful(h hardware, way string, end func(conn *net.TCPConn, answer []byte)) (ended chan struct{}, writes *atomic.Int64) {
	ended, writes = make(chan struct{}), new(atomic.Int64)
	size := map[string]int{"tcp": 12, "rtu": request}[way]
	h.connections(func(n int, conn net.Conn) {
		for asked := make([]byte, size); ; {
			if _, err := io.ReadFull(conn, asked); err != nil {
				return
			}
			answer := answerOf(way, asked)
			if answer == nil {
				writes.Add(1)
				answer = asked // the answer to one that writes a register is its echo
			}
			_, _ = conn.Write(answer)
			if n == 0 {
				end(conn.(*net.TCPConn), answer)
				close(ended)
				return
			}
		}
	})
	return ended, writes
}

// answerOf answers a request to read a register; nil is one that writes.
func answerOf(way string, asked []byte) []byte {
	switch {
	case way == "tcp" && asked[7] == 3:
		return registersOf(asked)
	case way == "rtu" && asked[1] == 3:
		answer, _ := frame.RTU{Unit: 1, PDU: []byte{3, 2, 0, 7}}.Append(nil)
		return answer
	}
	return nil
}

var ends = map[string]func(conn *net.TCPConn, answer []byte){
	"closed":               func(conn *net.TCPConn, _ []byte) { _ = conn.Close() },
	"closed after a stray": func(conn *net.TCPConn, answer []byte) { _, _ = conn.Write(answer); _ = conn.Close() },
	"reset": func(conn *net.TCPConn, _ []byte) {
		<-time.After(100 * time.Millisecond)
		_ = conn.SetLinger(0)
		_ = conn.Close()
	},
}

// TestWriteAfterItsEnd: a write that comes when the device has ended the idle connection goes out on another one, once.
func TestWriteAfterItsEnd(t *testing.T) {
	for _, way := range []string{"tcp", "rtu"} {
		for name, end := range ends {
			t.Run(way+" "+name, func(t *testing.T) {
				h := listen(t)
				ended, writes := forgetful(h, way, end)
				s := open(t, device("d", way+"="+h.Addr().String(), resource("a", isUint, "address=7")))
				poll(t, s, "a")
				<-ended
				<-time.After(50 * time.Millisecond) // and we have heard of it
				if _, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{Resource: "a", Value: roostv1.Uint(5)}); err != nil {
					t.Error(err)
				}
				if n := writes.Load(); n != 1 {
					t.Errorf("it was written %d times", n)
				}
			})
		}
	}
}

// TestWriteAfterItsEndNowhere: likewise, and nobody takes another connection: it is certain that nothing was done.
func TestWriteAfterItsEndNowhere(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			h := listen(t)
			ended, writes := forgetful(h, "tcp", end)
			s := open(t, device("d", h.address(), resource("a", isUint, "address=7")))
			poll(t, s, "a")
			<-ended
			_ = h.Close()
			<-time.After(50 * time.Millisecond)
			if _, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{Resource: "a", Value: roostv1.Uint(5)}); !errors.Is(err, actors.ErrNotSent) {
				t.Errorf("%v, want ErrNotSent", err)
			}
			if n := writes.Load(); n != 0 {
				t.Errorf("it was written %d times", n)
			}
		})
	}
}
