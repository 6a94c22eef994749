package proxy

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	chunkSize = 16 << 10
	// maxChunks is how many may be between reader and writer: a delayed link carries so much at a time.
	maxChunks = 64
	// writeSlice bounds how long a change of state may be held up by a peer that reads nothing.
	writeSlice = 20 * time.Millisecond
)

// pipe is one connection through a link.
type pipe struct {
	link      *Link
	near, far net.Conn // of who dialled, of the server
	tap       Tap      // nil: nobody looks
	dice      *rand.Rand
	diceMu    sync.Mutex
	poisoned  atomic.Bool // bytes of it were lost
	gone      chan struct{}
	end       sync.Once
}

// chunk is some bytes on their way, or the end of them.
type chunk struct {
	data []byte
	due  time.Time
	err  error // io.EOF, or how the connection broke
}

// run carries bytes until both directions have ended.
func (p *pipe) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, p.reset)
	defer stop()
	var both sync.WaitGroup
	for _, d := range []Direction{Up, Down} {
		chunks := make(chan chunk, maxChunks)
		both.Go(func() { p.read(d, chunks) })
		both.Go(func() { p.write(d, chunks) })
	}
	both.Wait()
	p.close()
}

func (p *pipe) from(d Direction) net.Conn {
	if d == Up {
		return p.near
	}
	return p.far
}

// read reads one direction to its end.
func (p *pipe) read(d Direction, chunks chan<- chunk) {
	defer close(chunks)
	for p.readable(d) {
		data := make([]byte, chunkSize)
		n, err := p.from(d).Read(data)
		due := p.due()
		if n > 0 && !p.send(chunks, chunk{data: data[:n], due: due}) {
			return
		}
		if err != nil {
			p.send(chunks, chunk{due: due, err: err})
			return
		}
	}
}

// readable waits while the direction is stalled; false: the pipe has ended.
func (p *pipe) readable(d Direction) bool {
	for {
		state, changed := p.link.now()
		if state.flow(d) != Stall {
			return true
		}
		if !p.wait(changed) {
			return false
		}
	}
}

func (p *pipe) wait(changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	case <-p.gone:
		return false
	}
}

func (p *pipe) send(chunks chan<- chunk, c chunk) bool {
	select {
	case chunks <- c:
		return true
	case <-p.gone:
		return false
	}
}

// due is when something that came now may go on.
func (p *pipe) due() time.Time {
	state, _ := p.link.now()
	if state.Delay == 0 && state.Jitter == 0 {
		return time.Time{}
	}
	p.diceMu.Lock()
	defer p.diceMu.Unlock()
	return time.Now().Add(state.Delay + time.Duration(p.dice.Float64()*float64(state.Jitter)))
}

// write passes on one direction, or does with it what the link's state says.
func (p *pipe) write(d Direction, chunks <-chan chunk) {
	s := scanner{tap: p.tap, direction: d}
	for c := range chunks {
		if !p.until(c.due) {
			return
		}
		if c.err != nil {
			p.pass(d, c)
			return
		}
		p.split(d, &s, c.data)
	}
}

// until waits for a time; false: the pipe has ended.
func (p *pipe) until(due time.Time) bool {
	if left := time.Until(due); !due.IsZero() && left > 0 {
		timer := time.NewTimer(left)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.gone:
			return false
		}
	}
	return true
}

// split passes bytes on in pieces that end where a message, or a trigger, does.
func (p *pipe) split(d Direction, s *scanner, data []byte) {
	for len(data) > 0 {
		n, verb := s.next(data)
		if verb != "" {
			p.link.count(d, verb)
		}
		var fired *armed
		if verb != "" {
			fired, _ = p.link.pull(d, verb, 1)
		}
		if fired == nil {
			var before int64
			if fired, before = p.link.pull(d, "", int64(n)); fired != nil && before < int64(n) {
				p.fire(d, fired, data[:before])
				p.pass(d, chunk{data: data[before:n]})
				data = data[n:]
				continue
			}
		}
		if fired != nil {
			p.fire(d, fired, data[:n])
		} else {
			p.pass(d, chunk{data: data[:n]})
		}
		data = data[n:]
	}
}

// fire does what a trigger says: to the other direction before the last bytes pass, to their own after it.
func (p *pipe) fire(d Direction, a *armed, last []byte) {
	p.link.set(p.link.State().with(d.other(), a.Then.flow(d.other())))
	p.pass(d, chunk{data: last})
	p.link.set(a.Then)
	if a.Reset {
		p.link.Reset()
	}
	close(a.fired)
}

// pass does with a chunk what the link's state says.
func (p *pipe) pass(d Direction, c chunk) {
	held := false
	for {
		flow, changed, done := p.attempt(d, &c)
		switch {
		case done:
			return
		case flow == Discard:
			p.poisoned.Store(true)
			p.link.lost[d].Add(int64(len(c.data)))
			return
		case flow == Stall:
			if !held {
				held = true
				p.link.held[d].Add(int64(len(c.data)))
			}
			if !p.wait(changed) {
				return
			}
		}
	}
}

// attempt passes a chunk on if that may be; else it returns why not. What a slow peer
// does not take leaves the rest in the chunk.
func (p *pipe) attempt(d Direction, c *chunk) (flow Flow, changed <-chan struct{}, done bool) {
	p.link.gate.RLock()
	defer p.link.gate.RUnlock()
	flow = p.link.state.flow(d)
	if flow != Pass {
		return flow, p.link.changed, false
	}
	to := p.from(d.other())
	if c.err != nil {
		p.hangUp(to, c.err)
		return flow, nil, true
	}
	_ = to.SetWriteDeadline(time.Now().Add(writeSlice)) // fails on a closed one only
	n, err := to.Write(c.data)
	p.link.passed[d].Add(int64(n))
	c.data = c.data[n:]
	// A peer that is gone shows in the other direction too, and is told there.
	return flow, nil, !errors.Is(err, os.ErrDeadlineExceeded)
}

// hangUp tells one side how the other has ended.
func (p *pipe) hangUp(to net.Conn, err error) {
	if tcp, ok := to.(*net.TCPConn); ok && errors.Is(err, io.EOF) {
		_ = tcp.CloseWrite() // fails if it has ended already
		return
	}
	p.reset()
}

// heal resets a connection that lost bytes, once they would pass again.
func (p *pipe) heal(s State) {
	if p.poisoned.Load() && s.Up != Discard && s.Down != Discard {
		p.reset()
	}
}

// reset ends the connection on both sides, and both are told so.
func (p *pipe) reset() {
	p.end.Do(func() {
		p.link.resets.Add(1)
		close(p.gone)
		cut(p.near)
		cut(p.far)
	})
}

// close ends what has ended by itself.
func (p *pipe) close() {
	p.end.Do(func() {
		close(p.gone)
		_ = p.near.Close()
		_ = p.far.Close()
	})
}
