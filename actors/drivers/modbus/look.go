package modbus

import (
	"errors"
	"os"
)

// look gives up a connection that the other end has given up while it was idle, so that the next request goes out on another one: of what is
// written to such a one nobody hears whether it was done. Bytes that nobody waited for stay to be read. A serial port has no other end.
func (l *line) look() {
	if l.port == nil || l.at.way == waySerial {
		return
	}
	var err error
	for err == nil && l.in.Buffered() < l.in.Size() && l.readable() {
		_, err = l.in.Peek(l.in.Buffered() + 1)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		l.close()
	}
}
