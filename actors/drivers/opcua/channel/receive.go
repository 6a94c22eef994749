package channel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua/message"
)

// inbox is what the goroutine that reads keeps: where the sequence numbers are, and messages of which more is to come.
type inbox struct {
	began bool
	last  uint32
	parts map[uint32][]byte // by request id
}

// take takes one frame. An error ends the channel.
func (c *Channel) take(frame []byte) error {
	switch kindOf(frame) {
	case kindError:
		return faultIn(frame)
	case kindClose:
		return fmt.Errorf("the server closed the channel: %w", io.EOF)
	case kindOpen, kindMessage:
	default:
		return fmt.Errorf("a frame is %q: this is no OPC UA", frame[:4])
	}
	if len(frame) < channelSize+tokenSize {
		return errors.New("a frame ends before its message")
	}
	plain, err := c.open(frame)
	if err != nil {
		return err
	}
	sequence, request := binary.LittleEndian.Uint32(plain), binary.LittleEndian.Uint32(plain[4:])
	if err := c.in.follows(sequence); err != nil {
		return err
	}
	return c.collect(kindOf(frame), frame[3], request, plain[sequenceSize:])
}

// open returns sequence header and body of a frame.
func (c *Channel) open(frame []byte) ([]byte, error) {
	if kindOf(frame) == kindOpen {
		n, err := c.config.checkOpening(frame[channelSize:])
		if err != nil {
			return nil, err
		}
		return c.opening.unseal(frame, channelSize+n)
	}
	channel, id := binary.LittleEndian.Uint32(frame[headerSize:]), binary.LittleEndian.Uint32(frame[channelSize:])
	c.mu.Lock()
	own, current, former := c.id, c.current, c.former
	c.mu.Unlock()
	switch {
	case channel != own:
		return nil, fmt.Errorf("a frame is of channel %d, and this is %d", channel, own)
	case current.keys != nil && id == current.id:
		return current.keys.unseal(frame, channelSize+tokenSize)
	case former.keys != nil && id == former.id:
		return former.keys.unseal(frame, channelSize+tokenSize)
	}
	return nil, fmt.Errorf("a frame names keys %d, which nobody has", id)
}

// follows tells whether a sequence number is the next one. A frame that is sent again by somebody else is none.
func (in *inbox) follows(sequence uint32) error {
	next := sequence == in.last+1 || in.last >= lastSequence && sequence < 1024
	if in.began && !next {
		return fmt.Errorf("frame %d came after %d", sequence, in.last)
	}
	in.began, in.last = true, sequence
	return nil
}

// collect puts a message together, and hands it to who waits for it.
func (c *Channel) collect(kind string, chunk byte, request uint32, part []byte) error {
	whole := part
	if before := c.in.parts[request]; before != nil {
		if whole = append(before, part...); len(whole) > maxMessage {
			return fmt.Errorf("an answer has more than %d bytes; ask for less at once", maxMessage)
		}
		delete(c.in.parts, request)
	}
	switch chunk {
	case chunkMore:
		return c.keep(request, whole)
	case chunkAbort:
		b := ua.NewBuffer(part)
		code, reason := ua.StatusCode(b.ReadUint32()), b.ReadString()
		c.deliver(request, done{err: fmt.Errorf("the server broke off its answer: %w: %q", code, reason)})
		return nil
	case chunkFinal:
		return c.complete(kind, request, whole)
	}
	return fmt.Errorf("a frame is a %q of its message: this is no OPC UA", chunk)
}

// keep keeps the beginning of an answer that somebody waits for, and forgets those that nobody waits for any more.
func (c *Channel) keep(request uint32, whole []byte) error {
	if c.in.parts == nil {
		c.in.parts = make(map[uint32][]byte)
	}
	c.in.parts[request] = whole
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.in.parts {
		if c.waiting[id] == nil {
			delete(c.in.parts, id)
		}
	}
	return nil
}

// complete hands on an answer. Keys are taken before the next frame is read.
func (c *Channel) complete(kind string, request uint32, whole []byte) error {
	c.mu.Lock()
	waiting := c.waiting[request]
	c.mu.Unlock()
	if waiting == nil {
		return nil // it was given up, and is not even read
	}
	d := decode(whole, waiting.asked)
	opened, opens := d.response.(*ua.OpenSecureChannelResponse)
	switch {
	case opens && kind == kindOpen:
		if err := c.adopt(opened); err != nil {
			return err
		}
	case opens || kind == kindOpen && d.err == nil:
		return fmt.Errorf("a %T came in a frame of the kind %s", d.response, kind)
	}
	c.deliver(request, d)
	return nil
}

func (c *Channel) deliver(request uint32, d done) {
	c.mu.Lock()
	waiting := c.waiting[request]
	delete(c.waiting, request)
	c.mu.Unlock()
	if waiting != nil {
		waiting.done <- d
	}
}

// decode returns what a message says to a request for so many results.
func decode(whole []byte, asked int) done {
	if len(whole) > maxMessage {
		return done{err: fmt.Errorf("the answer has %d bytes, and may have %d; ask for less at once", len(whole), maxMessage)}
	}
	response, err := message.Decode(whole, asked)
	if err != nil {
		return done{err: fmt.Errorf("the answer cannot be read: %w", err)}
	}
	if result := response.Header().ServiceResult; result&badMask != 0 {
		return done{err: &ServiceFault{Code: result}}
	}
	return done{response: response}
}

// ServiceFault is the answer to a request that the server did not do as a whole.
type ServiceFault struct{ Code ua.StatusCode }

func (f *ServiceFault) Error() string { return fmt.Sprintf("the server answered: %v", f.Code) }

func (f *ServiceFault) Unwrap() error { return f.Code }

// badMask is the bit that all bad codes have.
const badMask ua.StatusCode = 0x80000000
