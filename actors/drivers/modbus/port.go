package modbus

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// port is what bytes go through: a connection, or a serial port.
type port interface {
	io.ReadWriteCloser
	// SetDeadline ends reads that wait, and those that come after it, at that time with os.ErrDeadlineExceeded.
	SetDeadline(at time.Time) error
}

// open opens the port of a line.
func (a lineAddress) open(ctx context.Context) (port, error) {
	if a.way == waySerial {
		return openSerial(a.to, a.serial)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", a.to)
}

// plainly is what went wrong when a connection was dialled, without the address, which has been said.
func plainly(err error) error {
	var dialled *net.OpError
	if errors.As(err, &dialled) {
		err = dialled.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return err
}

// counter counts what is read.
type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(to []byte) (int, error) {
	n, err := c.Reader.Read(to)
	c.n += n
	return n, err
}
