package channel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uacp"
)

// Errors of requests.
var (
	// ErrNotSent means that no byte of a request was given to the kernel.
	ErrNotSent = errors.New("not sent")
	// ErrClosed means that the channel was closed on this side.
	ErrClosed = errors.New("the channel was closed")
)

// farewell is how long saying goodbye may take.
const farewell = time.Second

// Channel is an open secure channel.
type Channel struct {
	config  Config
	conn    net.Conn
	limits  *uacp.Acknowledge // of the server
	running sync.WaitGroup

	sending chan struct{} // held by who writes
	sent    uint32        // the last sequence number; guarded by sending
	opening *keys         // asymmetric

	mu         sync.Mutex
	id         uint32 // of the channel, by the server
	current    token  // with which is sent
	former     token  // with which the server may still send
	nonce      []byte // of the exchange of keys that is under way, if exchanging
	exchanging bool
	closing    bool             // since Close
	request    uint32           // the last request id
	waiting    map[uint32]*Call // by request id; nil once the channel has ended
	err        error            // why the channel ended; nil while it has not

	ended chan struct{} // closed when err is set

	in inbox // of the goroutine that reads
}

// token is keys with their name.
type token struct {
	id   uint32
	keys *keys
	ends time.Time // when they are to be renewed
}

// done is how a request ended.
type done struct {
	response ua.Response
	err      error
}

// Dial connects, and exchanges keys. The channel does not keep ctx.
func Dial(ctx context.Context, config Config) (*Channel, error) {
	opening, err := config.asymmetric()
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", config.Address)
	if err != nil {
		return nil, err
	}
	c := &Channel{
		config: config, conn: conn, opening: opening,
		sending: make(chan struct{}, 1), waiting: make(map[uint32]*Call), ended: make(chan struct{}),
	}
	if err := c.begin(ctx); err != nil {
		_ = c.Close(ctx)
		return nil, inTime(ctx, err)
	}
	return c, nil
}

func (c *Channel) begin(ctx context.Context) error {
	release := c.until(ctx, c.conn.SetDeadline)
	limits, err := greet(c.conn, c.config.Endpoint)
	release()
	if err != nil {
		return fmt.Errorf("greet %s: %w", c.config.Address, err)
	}
	c.limits = limits
	c.running.Go(c.read)
	if err := c.exchange(ctx, ua.SecurityTokenRequestTypeIssue); err != nil {
		return fmt.Errorf("exchange keys with %s: %w", c.config.Address, err)
	}
	c.running.Go(c.renew)
	return nil
}

// until lets a deadline of the connection follow a context, until it is released. Nothing touches the deadline afterwards.
func (c *Channel) until(ctx context.Context, set func(time.Time) error) (release func()) {
	deadline, _ := ctx.Deadline() // else zero: none
	_ = set(deadline)
	ran := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ran)
		_ = set(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-ran
		}
		_ = set(time.Time{})
	}
}

// inTime makes an error that comes from the end of a context tell so. A connection may see the deadline first.
func inTime(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}

// Ended is closed when the channel has; Err then says why.
func (c *Channel) Ended() <-chan struct{} { return c.ended }

// Err returns why the channel ended; nil while it has not.
func (c *Channel) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// fail ends the channel, and whoever waits for an answer.
func (c *Channel) fail(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	if c.closing {
		err = ErrClosed // the server hears it, and may be the first to end the connection
	}
	c.err = err
	waiting := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	close(c.ended)
	_ = c.conn.Close()
	for _, w := range waiting {
		w.done <- done{err: err}
	}
}

// Close ends the channel. The server is told if ctx has not ended, and if there is a way to it.
func (c *Channel) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	if c.limits != nil && ctx.Err() == nil && c.Err() == nil {
		ctx, cancel := context.WithTimeout(ctx, farewell)
		_, _ = c.send(ctx, nil, &ua.CloseSecureChannelRequest{}) // who does not hear it sees the connection end
		cancel()
	}
	c.fail(ErrClosed)
	c.running.Wait()
	return nil
}

// read takes what the server sends until the connection ends.
func (c *Channel) read() {
	defer func() {
		if p := recover(); p != nil {
			c.fail(fmt.Errorf("reading what the server sent panicked: %v", p))
		}
	}()
	r := bufio.NewReaderSize(c.conn, maxFrame)
	for {
		frame, err := readFrame(r)
		if err == nil {
			err = c.take(frame)
		}
		if err != nil {
			c.fail(fmt.Errorf("the connection to %s ended: %w", c.config.Address, err))
			return
		}
	}
}

// renew asks for new keys before those in use end.
func (c *Channel) renew() {
	for {
		c.mu.Lock()
		ends := c.current.ends
		c.mu.Unlock()
		timer := time.NewTimer(time.Until(ends))
		select {
		case <-c.ended:
			timer.Stop()
			return
		case <-timer.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), renewal)
		err := c.exchange(ctx, ua.SecurityTokenRequestTypeRenew)
		cancel()
		if err != nil {
			c.fail(fmt.Errorf("renew the keys of the channel to %s: %w", c.config.Address, err))
			return
		}
	}
}
