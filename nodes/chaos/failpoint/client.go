package failpoint

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
)

// ErrRefused: the gateway has understood the request, and does not do it.
var ErrRefused = errors.New("refused")

// Client talks to the socket of a gateway.
type Client struct {
	conn net.Conn
	from *bufio.Reader
}

// Dial connects to a socket.
func Dial(ctx context.Context, path string) (*Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("reach the failpoints of a gateway: %w", err)
	}
	return &Client{conn: conn, from: bufio.NewReader(conn)}, nil
}

// Close ends the connection. What was armed stays so.
func (c *Client) Close() error { return c.conn.Close() }

// Do asks for something. After an error other than ErrRefused the connection is of no more use.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	defer context.AfterFunc(ctx, func() { _ = c.conn.Close() })()
	line, err := json.Marshal(r)
	if err != nil {
		return Answer{}, err
	}
	if _, err = c.conn.Write(append(line, '\n')); err == nil {
		line, err = c.from.ReadBytes('\n')
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w", r.Op, err)
	}
	var a Answer
	if err := json.Unmarshal(line, &a); err != nil {
		return Answer{}, fmt.Errorf("%s: %w", r.Op, err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("%w: %s", ErrRefused, a.Error)
	}
	return a, nil
}
