//go:build failpoints

package rig

import (
	"net"
	"sync/atomic"
	"syscall"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
)

// failpoints is told of each point that is passed.
var failpoints atomic.Pointer[func(point, device string)]

// HookFailpoints has hook called wherever a point is passed. Package failpoint of nodes/chaos has the list of points.
func HookFailpoints(hook func(point, device string)) { failpoints.Store(&hook) }

// hand gives a frame to the kernel. An action passes a point after the last look that the runtime takes at the deadline of
// the socket, so that nothing is left that would keep it back.
func hand(conn net.Conn, frame []byte, m wire.Message) (int, error) {
	hook := failpoints.Load()
	socket, ok := conn.(syscall.Conn)
	if _, action := m.(*wire.Write); !action || !ok || hook == nil {
		return conn.Write(frame)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	n, passed := 0, false
	err = raw.Write(func(fd uintptr) (done bool) {
		if !passed {
			passed = true
			(*hook)("driver.before-write", "")
		}
		n, done = writeOnce(fd, frame)
		return done
	})
	if err != nil || n == len(frame) {
		return n, err
	}
	rest, err := conn.Write(frame[n:]) // it says what was wrong
	return n + rest, err
}
