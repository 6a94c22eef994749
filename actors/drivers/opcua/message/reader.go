package message

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"time"
)

// errTooDeep means that there are values in values in values.
var errTooDeep = errors.New("values are nested too deeply")

// maxDepth is how deeply values may be nested: the specification wants 100.
const maxDepth = 100

// reader reads the parts of a message. After an error it returns zeros.
type reader struct {
	rest  []byte
	err   error
	depth int
	parts *int // how many more there may be in the message
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

// take returns the next bytes; nil if there are not so many.
func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.fail(io.ErrUnexpectedEOF)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) bool() bool       { return r.u8() != 0 }
func (r *reader) i8() int8         { return int8(r.u8()) }
func (r *reader) i16() int16       { return int16(r.u16()) }
func (r *reader) i32() int32       { return int32(r.u32()) }
func (r *reader) i64() int64       { return int64(r.u64()) }
func (r *reader) float32() float32 { return math.Float32frombits(r.u32()) }
func (r *reader) float64() float64 { return math.Float64frombits(r.u64()) }
func (r *reader) string() string   { return string(r.bytes()) }

// bytes returns a string of bytes; nil if it is empty or none.
func (r *reader) bytes() []byte {
	if n := r.list(); n > 0 {
		return r.take(n)
	}
	return nil
}

// list returns how many things follow; -1 is none. Each has a byte at least.
func (r *reader) list() int {
	n := int(r.i32())
	switch {
	case n < -1 || n > len(r.rest):
		r.fail(io.ErrUnexpectedEOF)
		return 0
	}
	return n
}

// epoch is 1970 in the time of OPC UA, which counts tenths of microseconds from 1601.
const epoch = 116444736000000000

func (r *reader) time() time.Time {
	ticks := r.i64()
	if ticks <= 0 || ticks == math.MaxInt64 { // it is not known, or for ever
		return time.Time{}
	}
	ticks -= epoch
	return time.Unix(ticks/1e7, ticks%1e7*100).UTC()
}

// nested reads something that may have itself in it.
func (r *reader) nested(read func()) {
	if r.depth++; r.depth > maxDepth {
		r.fail(errTooDeep)
	} else if r.part(); r.err == nil {
		read()
	}
	r.depth--
}
