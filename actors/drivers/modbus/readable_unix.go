//go:build unix

package modbus

import (
	"errors"
	"syscall"
	"time"
)

// socket is a connection as the system knows it; zero is none.
type socket struct {
	raw  syscall.RawConn
	peek func(fd uintptr) // puts into is whether a read would return at once
	is   *bool
}

func socketOf(p port) socket {
	conn, ok := p.(syscall.Conn)
	if !ok {
		return socket{}
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return socket{}
	}
	is := new(bool)
	return socket{raw: raw, is: is, peek: func(fd uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK) // it never blocks: no socket of Go's does
		*is = !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
	}}
}

// readable tells whether a read would return at once: with bytes, with the end, or with an error. It waits for nothing.
func (l *line) readable() bool {
	if l.socket.raw == nil {
		return false
	}
	if err := l.socket.raw.Control(l.socket.peek); err == nil && !*l.socket.is {
		return false
	}
	return l.arm(time.Time{}) == nil // the last deadline may be over
}
