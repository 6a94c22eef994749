//go:build unix

package modbus

import (
	"errors"
	"syscall"
)

// readable tells whether a read would return at once: with bytes, with the end, or with an error. It waits for nothing.
func readable(p port) bool {
	conn, ok := p.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return true
	}
	is := false
	err = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK) // it never blocks: no socket of Go's does
		is = !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
		return true
	})
	return is || err != nil
}
