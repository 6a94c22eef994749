package channel

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua/message"
)

// lastSequence is the last sequence number before they begin again.
const lastSequence = 0xffffffff - 1024

// Call is a request on its way.
type Call struct {
	channel *Channel
	request uint32
	done    chan done
	asked   int // results
}

// Do sends a request, and waits for its answer. An answer that says that the service failed is an error, which is the
// [ua.StatusCode].
func (c *Channel) Do(ctx context.Context, session *ua.NodeID, r ua.Request) (ua.Response, error) {
	call, err := c.Start(ctx, session, r)
	if err != nil {
		return nil, err
	}
	return call.Wait(ctx)
}

// Start sends a request.
func (c *Channel) Start(ctx context.Context, session *ua.NodeID, r ua.Request) (*Call, error) {
	return c.send(ctx, session, r)
}

// Wait waits for the answer. With the end of ctx it is given up: if it comes after all, nobody gets it.
func (call *Call) Wait(ctx context.Context) (ua.Response, error) {
	select {
	case d := <-call.done:
		return d.response, d.err
	case <-ctx.Done():
	}
	call.channel.forget(call.request)
	select {
	case d := <-call.done: // it came just now
		return d.response, d.err
	default:
		return nil, context.Cause(ctx)
	}
}

// Forget gives up on the answer.
func (call *Call) Forget() { call.channel.forget(call.request) }

func (c *Channel) forget(request uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, request)
}

// send writes a request. Errors are ErrNotSent while no byte of it was.
func (c *Channel) send(ctx context.Context, session *ua.NodeID, r ua.Request) (*Call, error) {
	call := &Call{channel: c, done: make(chan done, 1), asked: message.Asked(r)}
	c.mu.Lock()
	if err := c.err; err != nil {
		c.mu.Unlock()
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	c.request++
	call.request = c.request
	c.waiting[call.request] = call
	c.mu.Unlock()
	n, err := c.dispatch(ctx, call.request, session, r)
	if err == nil {
		return call, nil
	}
	c.forget(call.request)
	if n == 0 {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return nil, err
}

// dispatch encodes and writes a request, and returns how many bytes were written.
func (c *Channel) dispatch(ctx context.Context, id uint32, session *ua.NodeID, r ua.Request) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, context.Cause(ctx)
	}
	body, err := c.encode(ctx, id, session, r)
	if err != nil {
		return 0, err
	}
	select {
	case c.sending <- struct{}{}:
		defer func() { <-c.sending }()
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	frames, err := c.frames(id, r, body)
	if err != nil {
		return 0, err
	}
	return c.write(ctx, frames)
}

// write writes frames. What is written in part cannot be gone on with: the channel ends.
func (c *Channel) write(ctx context.Context, frames []byte) (int, error) {
	defer c.until(ctx, c.conn.SetWriteDeadline)()
	n, err := c.conn.Write(frames)
	if err != nil {
		err = inTime(ctx, fmt.Errorf("write to %s: %w", c.config.Address, err))
		c.fail(err)
	}
	return n, err
}

// encode returns the body of a request, with its header.
func (c *Channel) encode(ctx context.Context, id uint32, session *ua.NodeID, r ua.Request) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("encoding %T panicked: %v", r, p)
		}
	}()
	if session == nil {
		session = ua.NewTwoByteNodeID(0)
	}
	h := &ua.RequestHeader{AuthenticationToken: session, Timestamp: time.Now(), RequestHandle: id}
	if deadline, ok := ctx.Deadline(); ok {
		h.TimeoutHint = uint32(min(max(time.Until(deadline)/time.Millisecond, 1), 1<<31))
	}
	r.SetHeader(h)
	kind, err := ua.NewFourByteExpandedNodeID(0, ua.ServiceTypeID(r)).Encode()
	if err != nil {
		return nil, err
	}
	rest, err := ua.Encode(r)
	if err != nil {
		return nil, err
	}
	body = append(kind, rest...)
	if most := c.limits.MaxMessageSize; most > 0 && uint32(len(body)) > most {
		return nil, fmt.Errorf("%T has %d bytes, and the server takes %d; ask for less at once", r, len(body), most)
	}
	return body, nil
}

// frames returns the frames of a request. The caller is sending.
func (c *Channel) frames(id uint32, r ua.Request, body []byte) ([]byte, error) {
	kind, k, security := kindMessage, c.opening, []byte(nil)
	c.mu.Lock()
	channel, current := c.id, c.current
	c.mu.Unlock()
	switch r.(type) {
	case *ua.OpenSecureChannelRequest:
		kind, security = kindOpen, c.config.openingHeader()
	case *ua.CloseSecureChannelRequest:
		kind = kindClose
	}
	if kind != kindOpen {
		if current.keys == nil {
			return nil, fmt.Errorf("the channel is not open")
		}
		k, security = current.keys, binary.LittleEndian.AppendUint32(nil, current.id)
	}
	most := len(body)
	if kind != kindOpen {
		most = k.most(int(c.limits.ReceiveBufSize))
	}
	var frames []byte
	for {
		part, chunk := body[:min(most, len(body))], byte(chunkFinal)
		if body = body[len(part):]; len(body) > 0 {
			chunk = chunkMore
		}
		frame, err := k.seal(append(binary.LittleEndian.AppendUint32(header(kind, chunk), channel), security...), c.sequence(id, part))
		if err != nil {
			return nil, err
		}
		if frames = append(frames, frame...); chunk == chunkFinal {
			return frames, nil
		}
	}
}

// sequence returns the next sequence header, and a part of a message after it.
func (c *Channel) sequence(id uint32, part []byte) []byte {
	if c.sent++; c.sent > lastSequence {
		c.sent = 1
	}
	plain := make([]byte, 0, sequenceSize+len(part))
	plain = binary.LittleEndian.AppendUint32(plain, c.sent)
	plain = binary.LittleEndian.AppendUint32(plain, id)
	return append(plain, part...)
}
