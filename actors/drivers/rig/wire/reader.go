package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// bufferSize holds some usual frames; there may be ten thousand readers.
const bufferSize = 512

// Reader reads frames from a stream.
type Reader struct {
	in   *bufio.Reader
	body []byte // of the present frame; used again
}

// NewReader returns a reader of r.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, bufferSize)}
}

// Next returns the next frame. The error is io.EOF if the stream ends between two frames,
// io.ErrUnexpectedEOF if it ends within one, ErrMalformed, or the stream's own. After an error
// nothing more can be read.
func (r *Reader) Next() (Frame, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return Frame{}, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > MaxFrame {
		return Frame{}, fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrMalformed, size, MaxFrame)
	}
	if int(size) > cap(r.body) {
		r.body = make([]byte, size)
	}
	r.body = r.body[:size]
	if _, err := io.ReadFull(r.in, r.body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Frame{}, err
	}
	return Parse(r.body)
}
