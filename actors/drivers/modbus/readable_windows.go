package modbus

import "time"

// peekTime is how long a read waits for what is there.
const peekTime = time.Millisecond

// readable lets the next read return soon, since it cannot be known whether it would.
func readable(p port) bool { return p.SetDeadline(time.Now().Add(peekTime)) == nil }
