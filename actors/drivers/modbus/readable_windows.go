package modbus

import "time"

// socket is a connection as the system knows it, of which nothing is needed here.
type socket struct{}

func socketOf(port) socket { return socket{} }

// peekTime is how long a read waits for what is there.
const peekTime = time.Millisecond

// readable lets the next read return soon, since it cannot be known whether it would.
func (l *line) readable() bool { return l.arm(time.Now().Add(peekTime)) == nil }
