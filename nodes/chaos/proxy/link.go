package proxy

import (
	"maps"
	"net"
	"sync"
	"sync/atomic"
)

// Link is one way through a proxy: the connections of one who dials.
type Link struct {
	name string

	// gate is held for reading while bytes pass, which takes no longer than writeSlice, and for writing
	// while what is below changes.
	gate    sync.RWMutex
	state   State
	changed chan struct{} // closed, and replaced, when the state changes

	mu       sync.Mutex
	armed    *armed
	pipes    map[*pipe]bool
	messages [2]map[Verb]int64

	passed, held, lost           [2]atomic.Int64
	connections, refused, resets atomic.Int64
	waited                       atomic.Int64
}

// armed is a trigger that was not pulled yet.
type armed struct {
	Trigger
	left  int64
	fired chan struct{} // closed when it was
}

func newLink(name string) *Link {
	return &Link{
		name: name, changed: make(chan struct{}), pipes: map[*pipe]bool{},
		messages: [2]map[Verb]int64{{}, {}},
	}
}

// Name is the link's name.
func (l *Link) Name() string { return l.name }

// State returns how the link is.
func (l *Link) State() State {
	l.gate.RLock()
	defer l.gate.RUnlock()
	return l.state
}

// Set changes how the link is, for all of its connections, and returns when it is so. A trigger that waits
// is forgotten.
func (l *Link) Set(s State) {
	l.mu.Lock()
	l.armed = nil
	l.mu.Unlock()
	l.set(s)
}

// Arm has a trigger wait, in place of one that may be waiting. The channel is closed when it was pulled.
func (l *Link) Arm(t Trigger) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = &armed{Trigger: t, left: max(t.Count, 1), fired: make(chan struct{})}
	return l.armed.fired
}

func (l *Link) set(s State) {
	l.gate.Lock()
	l.state = s
	close(l.changed)
	l.changed = make(chan struct{})
	l.gate.Unlock()
	for p := range l.open() {
		p.heal(s)
	}
}

// open returns the present connections.
func (l *Link) open() map[*pipe]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.pipes)
}

// Reset resets all present connections.
func (l *Link) Reset() {
	for p := range l.open() {
		p.reset()
	}
}

// Counters returns what the link has done so far.
func (l *Link) Counters() Counters {
	c := Counters{Connections: l.connections.Load(), Refused: l.refused.Load(), Resets: l.resets.Load(), Waited: l.waited.Load()}
	for d := range l.passed {
		c.Passed[d], c.Held[d], c.Lost[d] = l.passed[d].Load(), l.held[d].Load(), l.lost[d].Load()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for d := range l.messages {
		c.Messages[d] = maps.Clone(l.messages[d])
	}
	return c
}

// now returns the state, and what is closed when it is another.
func (l *Link) now() (State, <-chan struct{}) {
	l.gate.RLock()
	defer l.gate.RUnlock()
	return l.state, l.changed
}

// count takes a message of a direction into account.
func (l *Link) count(d Direction, v Verb) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages[d][v]++
}

// pull counts for the trigger, and returns it when that is its time. verb is empty for bytes, of which
// at most the first returned number may pass before it.
func (l *Link) pull(d Direction, verb Verb, n int64) (*armed, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.armed
	if a == nil || a.Direction != d || (a.Verb == "") != (verb == "") || verb != "" && !a.Verb.covers(verb) {
		return nil, n
	}
	if a.left > n {
		a.left -= n
		return nil, n
	}
	l.armed = nil
	return a, a.left
}

// add notes a connection.
func (l *Link) add(p *pipe) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pipes[p] = true
	l.connections.Add(1)
}

func (l *Link) remove(p *pipe) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pipes, p)
}

// cut ends a connection with a reset.
func cut(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails on a closed one only
	}
	_ = c.Close()
}
