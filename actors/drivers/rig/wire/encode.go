package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// encoder is the codec that writes.
type encoder struct {
	b   []byte
	err error
}

func (e *encoder) fail(name, format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("%w: %s: %s", ErrMalformed, name, fmt.Sprintf(format, args...))
	}
}

func (e *encoder) number(_ string, v *uint64) { e.b = binary.AppendUvarint(e.b, *v) }

func (e *encoder) text(name string, v *string) {
	if len(*v) > MaxText {
		e.fail(name, "it has %d bytes, at most %d are allowed", len(*v), MaxText)
		return
	}
	e.long(name, *v)
}

// long writes text of any length that a frame can hold.
func (e *encoder) long(name, text string) {
	if !utf8.ValidString(text) {
		e.fail(name, "it is not UTF-8")
		return
	}
	e.b = binary.AppendUvarint(e.b, uint64(len(text)))
	e.b = append(e.b, text...)
}

func (e *encoder) count(name string, n *int) {
	if *n > MaxList {
		e.fail(name, "there are %d, at most %d are allowed", *n, MaxList)
	}
	e.b = binary.AppendUvarint(e.b, uint64(*n))
}

func (e *encoder) value(name string, v **roostv1.Value) {
	e.b = append(e.b, byte((*v).Type()))
	switch k := (*v).GetKind().(type) {
	case *roostv1.Value_Bool:
		bit := byte(0)
		if k.Bool {
			bit = 1
		}
		e.b = append(e.b, bit)
	case *roostv1.Value_Int:
		e.b = binary.AppendVarint(e.b, k.Int)
	case *roostv1.Value_Uint:
		e.b = binary.AppendUvarint(e.b, k.Uint)
	case *roostv1.Value_Double:
		e.b = binary.BigEndian.AppendUint64(e.b, math.Float64bits(k.Double))
	case *roostv1.Value_String_:
		e.long(name, k.String_)
	case *roostv1.Value_Bytes:
		e.b = binary.AppendUvarint(e.b, uint64(len(k.Bytes)))
		e.b = append(e.b, k.Bytes...)
	}
}
