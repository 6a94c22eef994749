package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Limits of a frame.
const (
	// MaxFrame is the length in bytes of the longest frame, without the four of its length.
	MaxFrame = 16 << 10
	// MaxText is the length in bytes of the longest text, other than a value.
	MaxText = 256
	// MaxList is the number of elements of the longest list.
	MaxList = 256
)

// ErrMalformed: bytes are no frame of this protocol, or a message cannot be made one.
var ErrMalformed = errors.New("malformed frame")

// headSize is the length of a frame's length.
const headSize = 4

// codec writes the fields of a message, or reads them. After its first error it does nothing.
type codec interface {
	number(name string, v *uint64)
	text(name string, v *string)
	value(name string, v **roostv1.Value)
	// count is the length of a list.
	count(name string, n *int)
}

// Append appends the frame to b. The error is ErrMalformed, and b is returned as it was: for a
// nil message, a text, list or frame that is too long, text that is not UTF-8.
func Append(b []byte, f Frame) ([]byte, error) {
	if f.Message == nil {
		return b, fmt.Errorf("%w: no message", ErrMalformed)
	}
	e := encoder{b: append(b, 0, 0, 0, 0, byte(f.Message.kind()))}
	e.number("call", &f.Call)
	f.Message.visit(&e)
	size := len(e.b) - len(b) - headSize
	if size > MaxFrame {
		e.fail("frame", "it has %d bytes, at most %d are allowed", size, MaxFrame)
	}
	if e.err != nil {
		return b, e.err
	}
	binary.BigEndian.PutUint32(e.b[len(b):], uint32(size))
	return e.b, nil
}

// Parse reads a frame without its length. The error is ErrMalformed and names the field. The frame
// keeps nothing of body.
func Parse(body []byte) (Frame, error) {
	if len(body) == 0 {
		return Frame{}, fmt.Errorf("%w: it is empty", ErrMalformed)
	}
	m, name := kind(body[0]).message()
	if m == nil {
		return Frame{}, fmt.Errorf("%w: kind 0x%02x is none", ErrMalformed, body[0])
	}
	d := decoder{name: name, b: body[1:]}
	f := Frame{Message: m}
	d.number("call", &f.Call)
	m.visit(&d)
	if len(d.b) > 0 {
		d.fail("end", "%d bytes are left over", len(d.b))
	}
	if d.err != nil {
		return Frame{}, d.err
	}
	return f, nil
}
