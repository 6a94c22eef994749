package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
)

// send writes a frame. The error is actors.ErrNotSent if no byte of it was taken by the kernel. A
// frame that was cut off in its middle ends the connection: nothing could be understood after it.
func (l *link) send(ctx context.Context, f wire.Frame) error {
	frame, err := wire.Append(nil, f)
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	select {
	case l.writing <- struct{}{}:
		defer func() { <-l.writing }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", actors.ErrNotSent, context.Cause(ctx))
	case <-l.broken:
		return fmt.Errorf("%w: %w", actors.ErrNotSent, l.failure())
	}
	n, err := l.write(ctx, frame, f.Message)
	if err == nil {
		l.spoke.Store(true)
		return nil
	}
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		l.fail(fmt.Errorf("the connection broke: %w", err))
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx) // tells more than a deadline of the socket
	}
	if n == 0 {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	return fmt.Errorf("write: %w", err)
}

// write hands the bytes of a message to the kernel until ctx ends, and returns how many it took.
func (l *link) write(ctx context.Context, frame []byte, m wire.Message) (int, error) {
	deadline, _ := ctx.Deadline() // none is none for the socket too
	if err := l.conn.SetWriteDeadline(deadline); err != nil {
		return 0, err
	}
	// A context can also end before its deadline. What ends it must not run on into the next write.
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = l.conn.SetWriteDeadline(time.Unix(1, 0)) // long past; fails only on a closed socket
	})
	defer func() {
		if !stop() {
			<-ended
		}
	}()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx) // the last look before the first byte
	}
	return hand(l.conn, frame, m)
}
