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
	port        port // nil: none is open
	in          *bufio.Reader
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
	closed       *atomic.Bool // its session is
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
	defer func() { l.free = time.Now().Add(max(q.pause, l.at.serial.silence())) }()
	late := time.Now().Add(q.reply)
	defer l.endWith(ctx, late)()
	response, err := l.exchange(ctx, q)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = tooLate(ctx, q, late)
	}
	return response, err
}

// tooLate tells whose deadline it was: the context's, or the device's.
func tooLate(ctx context.Context, q query, late time.Time) error {
	if end, ok := ctx.Deadline(); ok && end.Before(late) {
		<-ctx.Done()
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return fmt.Errorf("unit %d did not answer within %v", q.unit, q.reply)
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
	if err := wait(ctx, time.Until(l.free)); err != nil {
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
		return context.Cause(ctx)
	}
	p, err := l.at.open(ctx)
	if err != nil {
		return fmt.Errorf("%s %s cannot be opened: %w", l.at.way, l.at.to, plainly(err))
	}
	l.port, l.in, l.unsettled, l.silent = p, bufio.NewReader(p), false, 0
	return nil
}

// wait waits, or ends with the context.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// settle throws away what comes until the line is silent.
func (l *line) settle(ctx context.Context) error {
	var rest [256]byte
	for end := time.Now().Add(babble); time.Now().Before(end); {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := l.port.SetDeadline(time.Now().Add(quiet)); err != nil {
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

// endWith ends with a context, and when it is too late, what waits for the port, until the function that it returns is called.
// There is no timer for a request but the port's.
func (l *line) endWith(ctx context.Context, late time.Time) (stop func()) {
	p := l.port
	if end, ok := ctx.Deadline(); ok && end.Before(late) {
		late = end
	}
	_ = p.SetDeadline(late) // where it fails, so does what comes next
	ended := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() { // a context can also end before its deadline
		defer close(ended)
		_ = p.SetDeadline(time.Unix(1, 0)) // long past
	})
	return func() {
		if !unhook() {
			<-ended // lest it ends what comes after
		}
	}
}

// exchange writes a request and reads the answer.
func (l *line) exchange(ctx context.Context, q query) (frame.Response, error) {
	l.transaction++
	out, err := l.frame(q)
	if err == nil {
		err = context.Cause(ctx) // the last look before the first byte
	}
	if err != nil {
		return frame.Response{}, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	n, err := l.port.Write(out)
	if err != nil {
		err = l.broken(err)
		if n == 0 {
			err = fmt.Errorf("%w: %w", actors.ErrNotSent, err)
		}
		return frame.Response{}, err
	}
	if l.at.way == wayTCP {
		return l.numbered(q)
	}
	return l.unnumbered(q)
}

func (l *line) frame(q query) ([]byte, error) {
	pdu, err := q.Append(nil)
	if err != nil {
		return nil, err
	}
	if l.at.way == wayTCP {
		return frame.TCP{Transaction: l.transaction, Unit: q.unit, PDU: pdu}.Append(nil)
	}
	return frame.RTU{Unit: q.unit, PDU: pdu}.Append(nil)
}

// numbered reads answers until the one with the request's number comes. Others are late, and nobody waits for them.
func (l *line) numbered(q query) (frame.Response, error) {
	for {
		in := counter{Reader: l.in}
		answer, err := frame.ReadTCP(&in)
		switch {
		case err != nil:
			return frame.Response{}, l.unheard(in.n, err)
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
		in := counter{Reader: l.in}
		answer, err := frame.ReadRTU(&in)
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
		l.port = nil
	}
}
