package modbus

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
)

const (
	// quiet is for how long nothing comes once a line is silent: longer than the time for which adapters hold bytes back.
	quiet = 50 * time.Millisecond
	// babble is how long one waits for a line to fall silent.
	babble = time.Second
	// mostSilent is how many requests in a row may have no answer at all until a connection is taken for broken: the other end
	// may be gone without a word.
	mostSilent = 2
)

// line is the way to devices, for one request at a time.
type line struct {
	driver *Driver
	at     lineAddress
	users  int           // sessions; guarded by the driver's mu
	turn   chan struct{} // holds a token while a request is on its way; waiting for it ends with a context

	// The rest belongs to whoever has the turn.
	port        port   // nil: none is open
	socket      socket // what it is to the system, if it is a connection
	in          *bufio.Reader
	heard       counter   // of in
	pdu, out    []byte    // of the request, and its frame
	armed       time.Time // the deadline of the port; zero: nobody knows
	transaction uint16
	unsettled   bool      // there may come bytes that nobody waits for
	silent      int       // requests in a row without an answer
	free        time.Time // when the next request may go
}

// query is a request to a device.
type query struct {
	*frame.Request
	unit         byte
	reply, pause time.Duration
	end          *end         // of the context that it comes with; nil: it has none of its own
	closed       *atomic.Bool // its session is
	meanwhile    func()       // if it is not nil, it is called once the request is on its way, before the answer is waited for
}

// ask sends a request and returns its answer. The error is actors.ErrNotSent if no byte of the request left, a frame.Exception
// if the device refused, and frame.ErrGarbled if what came was no answer to it.
func (l *line) ask(ctx context.Context, q query) (frame.Response, error) {
	err := l.enter(ctx)
	if err == nil {
		defer l.leave()
		err = l.ready(ctx, q)
	}
	if err != nil {
		return frame.Response{}, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	if q.end == nil {
		q.end = endOf(ctx)
		defer q.end.stop()
	}
	defer l.rest(max(q.pause, l.at.serial.silence()))
	late := time.Now().Add(q.reply)
	l.endWith(ctx, q.end, late)
	response, err := l.exchange(ctx, q)
	l.endless(q.end)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = tooLate(ctx, q, late)
	}
	return response, err
}

// enter waits for the turn.
func (l *line) enter(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the line: %w", context.Cause(ctx))
	}
}

// leave ends the turn.
func (l *line) leave() {
	<-l.turn
	l.driver.reap(l)
}

// ready sees to it that the line is open, silent and rested.
func (l *line) ready(ctx context.Context, q query) error {
	if q.closed.Load() { // since it waited
		return errClosed
	}
	if err := l.rested(ctx); err != nil {
		return err
	}
	l.look()
	if err := l.opened(ctx); err != nil {
		return err
	}
	if l.unsettled {
		return l.settle(ctx)
	}
	return nil
}

// connect opens the port, if none is open.
func (l *line) connect(ctx context.Context) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	return l.opened(ctx)
}

func (l *line) opened(ctx context.Context) error {
	if l.port != nil {
		return over(ctx)
	}
	p, err := l.at.open(ctx)
	if err != nil {
		return fmt.Errorf("%s %s cannot be opened: %w", l.at.way, l.at.to, plainly(err))
	}
	l.port, l.socket, l.in, l.armed, l.unsettled, l.silent = p, socketOf(p), bufio.NewReader(p), time.Time{}, false, 0
	l.heard.Reader = l.in
	return nil
}

// settle throws away what comes until the line is silent.
func (l *line) settle(ctx context.Context) error {
	var rest [256]byte
	for end := time.Now().Add(babble); time.Now().Before(end); {
		if err := over(ctx); err != nil {
			return err
		}
		if err := l.arm(time.Now().Add(quiet)); err != nil {
			return l.broken(err)
		}
		_, err := l.in.Read(rest[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			l.unsettled = false
			return nil
		}
		if err != nil {
			return l.broken(err)
		}
	}
	return fmt.Errorf("the line %s is not silent: something else speaks on it", l.at.to)
}

// broken gives the port up.
func (l *line) broken(err error) error {
	l.close()
	return fmt.Errorf("%s %s broke: %w", l.at.way, l.at.to, err)
}

// exchange writes a request and reads the answer.
func (l *line) exchange(ctx context.Context, q query) (frame.Response, error) {
	l.transaction++
	err := l.frame(q)
	if err == nil {
		err = over(ctx) // the last look before the first byte
	}
	if err != nil {
		return frame.Response{}, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	n, err := l.port.Write(l.out)
	if err != nil {
		err = l.broken(err)
		if n == 0 {
			err = fmt.Errorf("%w: %w", actors.ErrNotSent, err)
		}
		return frame.Response{}, err
	}
	if q.meanwhile != nil {
		q.meanwhile()
	}
	if l.at.way == wayTCP {
		return l.numbered(q)
	}
	return l.unnumbered(q)
}

// frame puts the frame of a request into out.
func (l *line) frame(q query) (err error) {
	if l.pdu, err = q.Append(l.pdu[:0]); err != nil {
		return err
	}
	if l.at.way == wayTCP {
		l.out, err = frame.TCP{Transaction: l.transaction, Unit: q.unit, PDU: l.pdu}.Append(l.out[:0])
	} else {
		l.out, err = frame.RTU{Unit: q.unit, PDU: l.pdu}.Append(l.out[:0])
	}
	return err
}

// numbered reads answers until the one with the request's number comes. Others are late, and nobody waits for them.
func (l *line) numbered(q query) (frame.Response, error) {
	for {
		l.heard.n = 0
		answer, err := frame.ReadTCP(&l.heard)
		switch {
		case err != nil:
			return frame.Response{}, l.unheard(l.heard.n, err)
		case answer.Transaction == l.transaction:
			l.silent = 0
			return q.Read(answer.PDU)
		}
	}
}

// unnumbered reads answers until one comes that can be the request's. What cannot be one is late, or another device's; if
// nothing else comes, that is told.
func (l *line) unnumbered(q query) (frame.Response, error) {
	var foreign error
	for {
		answer, err := frame.ReadRTU(&l.heard)
		if err != nil {
			l.unsettled = true
			if errors.Is(err, os.ErrDeadlineExceeded) && foreign != nil {
				err = foreign
			}
			return frame.Response{}, l.unheard(0, err)
		}
		if answer.Unit != q.unit {
			foreign = fmt.Errorf("%w: it is of unit %d, and unit %d was asked", frame.ErrGarbled, answer.Unit, q.unit)
			continue
		}
		response, err := q.Read(answer.PDU)
		if errors.Is(err, frame.ErrGarbled) {
			foreign = err
			continue
		}
		l.silent = 0
		return response, err
	}
}

// unheard takes the end of a read that was no answer, after so many bytes of a frame.
func (l *line) unheard(n int, err error) error {
	switch {
	case errors.Is(err, frame.ErrGarbled) && l.at.way != wayTCP: // silence sets it right
		return err
	case !errors.Is(err, os.ErrDeadlineExceeded):
		if errors.Is(err, io.EOF) {
			err = errors.New("it was closed at the other end")
		}
		return l.broken(err)
	case n > 0: // the rest of the frame would be taken for the next
		return l.broken(err)
	}
	l.silent++
	if l.silent >= mostSilent && l.at.way != waySerial {
		_ = l.broken(err)
	}
	return err
}

// close gives the port up, if one is open.
func (l *line) close() {
	if l.port != nil {
		_ = l.port.Close() // nothing is to be done on it any more
		l.port, l.socket = nil, socket{}
	}
}
