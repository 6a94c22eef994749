package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// decoder is the codec that reads.
type decoder struct {
	name string // of the message
	b    []byte // what is left
	err  error
}

// fail keeps the first error, and leaves nothing to be read.
func (d *decoder) fail(field, format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s: %s: %s", ErrMalformed, d.name, field, fmt.Sprintf(format, args...))
	}
	d.b = nil
}

// take returns the next n bytes; nil if there are not as many.
func (d *decoder) take(name string, n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail(name, "%d bytes are missing", n-uint64(len(d.b)))
		return nil
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken
}

// skip goes on by the size of a varint; 0 and less say that there was none.
func (d *decoder) skip(name string, size int) {
	if size <= 0 {
		d.fail(name, "it is not a number of 64 bits")
		return
	}
	d.b = d.b[size:]
}

func (d *decoder) number(name string, v *uint64) {
	if d.err != nil {
		return
	}
	n, size := binary.Uvarint(d.b)
	d.skip(name, size)
	*v = n
}

func (d *decoder) text(name string, v *string) {
	var size uint64
	d.number(name, &size)
	if size > MaxText {
		d.fail(name, "it has %d bytes, at most %d are allowed", size, MaxText)
		return
	}
	*v = d.long(name, size)
}

func (d *decoder) long(name string, size uint64) string {
	text := d.take(name, size)
	if !utf8.Valid(text) {
		d.fail(name, "it is not UTF-8")
		return ""
	}
	return string(text)
}

func (d *decoder) count(name string, n *int) {
	var size uint64
	d.number(name, &size)
	if size > MaxList {
		d.fail(name, "there are %d, at most %d are allowed", size, MaxList)
		return
	}
	*n = int(size)
}

func (d *decoder) value(name string, v **roostv1.Value) {
	head := d.take(name, 1)
	if len(head) == 0 || d.err != nil {
		return
	}
	switch t := roostv1.ValueType(head[0]); t {
	case roostv1.ValueType_VALUE_TYPE_UNSPECIFIED:
		*v = nil
	case roostv1.ValueType_VALUE_TYPE_BOOL:
		*v = d.truth(name)
	case roostv1.ValueType_VALUE_TYPE_INT:
		n, size := binary.Varint(d.b)
		d.skip(name, size)
		*v = roostv1.Int(n)
	case roostv1.ValueType_VALUE_TYPE_UINT:
		var n uint64
		d.number(name, &n)
		*v = roostv1.Uint(n)
	case roostv1.ValueType_VALUE_TYPE_DOUBLE:
		*v = d.double(name)
	case roostv1.ValueType_VALUE_TYPE_STRING:
		var size uint64
		d.number(name, &size)
		*v = roostv1.Text(d.long(name, size))
	case roostv1.ValueType_VALUE_TYPE_BYTES:
		var size uint64
		d.number(name, &size)
		*v = roostv1.Bytes(bytes.Clone(d.take(name, size)))
	default:
		d.fail(name, "type %d is none", t)
	}
}

func (d *decoder) truth(name string) *roostv1.Value {
	bit := d.take(name, 1)
	if len(bit) == 1 && bit[0] > 1 {
		d.fail(name, "%d is neither true nor false", bit[0])
	}
	return roostv1.Bool(len(bit) == 1 && bit[0] == 1)
}

func (d *decoder) double(name string) *roostv1.Value {
	raw := d.take(name, 8)
	if len(raw) < 8 {
		return nil
	}
	return roostv1.Double(math.Float64frombits(binary.BigEndian.Uint64(raw)))
}
