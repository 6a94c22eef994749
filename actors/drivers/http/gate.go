package httpdev

import (
	"errors"
	"net"
	"sync"
)

// gate lets a request through to its connection, and knows whether anything of it has gone. It is open while a connection is made:
// what TLS says then is none of the request.
type gate struct {
	mu      sync.Mutex
	armed   bool // the connection is made: what comes now is the request
	touched bool // some of it may have gone
	shut    bool // nothing goes any more
}

var errShut = errors.New("the request was given up")

// arm says that the connection is made.
func (g *gate) arm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed = true
}

// close shuts the gate, and tells whether nothing of the request has gone, nor ever will.
func (g *gate) close() (untouched bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	return !g.touched
}

func (g *gate) pass() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return errShut
	}
	g.touched = g.touched || g.armed
	return nil
}

// gated is a connection behind a gate.
type gated struct {
	net.Conn
	gate *gate
}

func (c gated) Write(b []byte) (int, error) {
	if err := c.gate.pass(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
