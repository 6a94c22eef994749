package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
)

// Reasons that a connection is not used any more.
var (
	errClosed = errors.New("the connection was closed")
	errSilent = errors.New("the hardware is silent")
)

// beatsPerIdle is how often in the hardware's idle time a connection is looked at: one that had
// nothing to say since the last look says that it lives, so the hardware hears it twice at least.
const beatsPerIdle = 4

// link is a connection to the hardware, for any number of calls at a time. Once it broke it
// stays broken.
type link struct {
	conn    net.Conn
	users   int           // sessions on it; guarded by the driver's mu
	writing chan struct{} // holds a token while a frame is written; waiting for it ends with a context
	spoke   atomic.Bool   // since the last beat
	work    sync.WaitGroup

	mu     sync.Mutex
	last   uint64                         // number of a call
	calls  map[uint64]chan<- wire.Message // by number; each has room for its answer
	err    error                          // why it broke
	broken chan struct{}                  // closed when err is set
}

// dial connects to the hardware and introduces the gateway.
func (d *Driver) dial(ctx context.Context, hardware string) (*link, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", hardware)
	if err != nil {
		return nil, err
	}
	l := &link{
		conn:    conn,
		writing: make(chan struct{}, 1),
		calls:   make(map[uint64]chan<- wire.Message),
		broken:  make(chan struct{}),
	}
	l.work.Go(l.receive)
	if err := l.introduce(ctx, d.Gateway, d.Incarnation); err != nil {
		l.close()
		return nil, fmt.Errorf("introduce the gateway to %s: %w", hardware, err)
	}
	return l, nil
}

func (l *link) introduce(ctx context.Context, gateway, incarnation string) error {
	answer, err := l.call(ctx, &wire.Hello{Version: wire.Version, Gateway: gateway, Incarnation: incarnation})
	if err != nil {
		return err
	}
	welcome, ok := answer.(*wire.Welcome)
	if !ok {
		return unexpected(answer)
	}
	const most = uint64(time.Hour / time.Millisecond)
	if idle := time.Duration(min(welcome.IdleMillis, most)) * time.Millisecond; idle > 0 {
		l.work.Go(func() { l.beat(idle) })
	}
	return nil
}

// unexpected is the error of an answer to another question.
func unexpected(m wire.Message) error { return fmt.Errorf("the hardware answered with a %T", m) }

// receive hands answers to their calls until the connection ends.
func (l *link) receive() {
	reader := wire.NewReader(l.conn)
	for {
		frame, err := reader.Next()
		if err != nil {
			l.fail(fmt.Errorf("the connection broke: %w", err))
			return
		}
		if frame.Call == 0 { // to no call: the hardware tells why it hangs up
			l.fail(hangUp(frame.Message))
			return
		}
		l.deliver(frame)
	}
}

// hangUp returns the error that an answer to no call is. It is no Nack: what else was
// under way may have been done.
func hangUp(m wire.Message) error {
	if nack, ok := m.(*wire.Nack); ok {
		return fmt.Errorf("the hardware hung up: %v", nack)
	}
	return unexpected(m)
}

// deliver hands an answer over. Nobody may wait for it any more.
func (l *link) deliver(f wire.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if answer := l.calls[f.Call]; answer != nil {
		delete(l.calls, f.Call)
		answer <- f.Message
	}
}

// beat lets the hardware hear that the gateway lives, and finds out whether the hardware does.
func (l *link) beat(idle time.Duration) {
	ticker := time.NewTicker(max(idle/beatsPerIdle, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-l.broken:
			return
		case <-ticker.C:
		}
		if l.spoke.Swap(false) {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), idle)
		_, err := l.call(ctx, &wire.Ping{})
		cancel()
		if err != nil {
			l.fail(fmt.Errorf("%w: %w", errSilent, err))
		}
	}
}

// fail ends the connection for all; the first reason counts.
func (l *link) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	l.err = err
	close(l.broken)
	_ = l.conn.Close() // to end what blocks on it; whatever it says, nothing is left to be done
}

// failure returns why the connection broke; nil if it works, as far as is known.
func (l *link) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// close ends the connection, and returns when its goroutines have ended.
func (l *link) close() {
	l.fail(errClosed)
	l.work.Wait()
}

// call sends a request and returns its answer. The error is actors.ErrNotSent if no byte of the request
// left, and a *wire.Nack if the hardware refused.
func (l *link) call(ctx context.Context, request wire.Message) (wire.Message, error) {
	number, answers, err := l.begin()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	defer l.end(number)
	if err := l.send(ctx, wire.Frame{Call: number, Message: request}); err != nil {
		return nil, err
	}
	answer, err := l.await(ctx, answers)
	if err != nil {
		return nil, err
	}
	if nack, ok := answer.(*wire.Nack); ok {
		return nil, nack
	}
	return answer, nil
}

// begin makes room for an answer.
func (l *link) begin() (uint64, <-chan wire.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, nil, l.err
	}
	answers := make(chan wire.Message, 1) // so that deliver never waits
	l.last++
	l.calls[l.last] = answers
	return l.last, answers, nil
}

func (l *link) end(number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.calls, number)
}

// await waits for the answer. One that has come counts, also if the connection broke since.
func (l *link) await(ctx context.Context, answers <-chan wire.Message) (wire.Message, error) {
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the answer: %w", context.Cause(ctx))
	case <-l.broken:
	}
	select {
	case answer := <-answers:
		return answer, nil
	default:
		return nil, fmt.Errorf("wait for the answer: %w", l.failure())
	}
}
