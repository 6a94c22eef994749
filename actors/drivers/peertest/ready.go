package peertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Ready waits until a peer that was started can be used, or until ctx ends; the error says what it waited for.
type Ready func(ctx context.Context, p *Peer) error

// Listens waits until connections are taken at an address.
func Listens(address string) Ready {
	return Answers(func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// Says waits for a line, of standard output or standard error, that contains a text.
func Says(text string) Ready {
	return func(ctx context.Context, p *Peer) error {
		if err := p.output.wait(ctx, text); err != nil {
			return fmt.Errorf("it has not said %q: %w", text, err)
		}
		return nil
	}
}

// pace is how long Answers rests between two tries.
const pace = 20 * time.Millisecond

// Answers waits until ask succeeds. It is called again and again, each time with a second to answer: what is sent to a server before it
// listens may be lost.
func Answers(ask func(ctx context.Context) error) Ready {
	return func(ctx context.Context, _ *Peer) error {
		for {
			one, cancel := context.WithTimeout(ctx, time.Second)
			err := ask(one)
			cancel()
			if err == nil {
				return nil
			}
			select {
			case <-ctx.Done():
				return errors.Join(err, context.Cause(ctx))
			case <-time.After(pace):
			}
		}
	}
}
