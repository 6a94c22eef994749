package mqtt

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/roost-iot/roost/actors"
)

// publication is one message on its way out. Between its sender and the wire is the library, which may hold it for long; only who
// takes it out of waiting decides what becomes of it.
type publication struct {
	state atomic.Int32
	gone  chan struct{} // closed when the library has let go of it: sent, failed to, or not wanted any more
}

// What a publication is. It changes once, from waiting.
const (
	waiting int32 = iota
	begun
	withdrawn
)

func newPublication() *publication { return &publication{gone: make(chan struct{})} }

// begin tells whether it may be sent.
func (p *publication) begin() bool { return p.state.CompareAndSwap(waiting, begun) }

// withdraw tells whether no byte of it was sent, nor ever will be.
func (p *publication) withdraw() bool {
	return p.state.CompareAndSwap(waiting, withdrawn) || p.state.Load() == withdrawn
}

func (p *publication) letGo() { close(p.gone) }

// outgoing is a message to publish.
type outgoing struct {
	topic   string
	qos     byte
	retain  bool
	payload []byte
}

// publish sends a message, and waits until the broker acknowledges it. One is given to the library at a time; while the
// acknowledgement is waited for, the next one may go. It is never sent again.
func (l *link) publish(ctx context.Context, m outgoing) error {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", actors.ErrNotSent, context.Cause(ctx))
	case <-l.lost:
		return fmt.Errorf("%w: %w", actors.ErrNotSent, l.err)
	}
	if err := context.Cause(ctx); err != nil {
		<-l.turn
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	p := newPublication()
	l.conn.out.Store(p)
	ended := make(chan error, 1)
	go l.hand(p, m, ended)
	select {
	case err := <-ended:
		return told(p, err)
	case <-ctx.Done():
		return told(p, context.Cause(ctx))
	case <-l.lost:
		return told(p, l.err)
	}
}

// hand gives a message to the library, and the turn back when the library is done with sending it.
func (l *link) hand(p *publication, m outgoing, ended chan<- error) {
	token := l.client.Publish(m.topic, m.qos, m.retain, m.payload)
	select {
	case <-p.gone:
	case <-token.Done():
	case <-l.lost:
	}
	<-l.turn
	if p.state.Load() == withdrawn {
		return // the library may wait for an acknowledgement of what was not sent
	}
	select {
	case <-token.Done():
		ended <- token.Error()
	case <-l.lost:
		ended <- l.err
	}
}

// told says what is certain of a publication that has ended, with nil when the broker acknowledged it.
func told(p *publication, err error) error {
	switch {
	case err == nil:
		return nil
	case p.withdraw():
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	return fmt.Errorf("the broker has not acknowledged the message: %w", err)
}
