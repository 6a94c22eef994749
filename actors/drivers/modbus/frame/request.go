package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrInvalid says that a request is not one that the specification allows; nothing was written.
var ErrInvalid = errors.New("no valid request")

// Request is one request. Which of its fields it has depends on its function.
type Request struct {
	Function Function
	// Address of the first bit or register that is read, or that is written by a function that only writes: 0 to 65535, as it is
	// on the wire, which is one less than in the numbering of many manuals.
	Address uint16
	// Count of bits or registers to read.
	Count uint16
	// WriteAddress of the first register that [ReadWriteRegisters] writes before it reads.
	WriteAddress uint16
	// Bits to write, with [WriteCoil] one.
	Bits []bool
	// Registers to write, with [WriteRegister] one.
	Registers []uint16
	// And and Or are what [MaskWriteRegister] does: the register becomes (register AND And) OR (Or AND NOT And).
	And, Or uint16
	// Category and Object are what [ReadIdentification] asks for: the objects of the category, from that one on.
	Category Category
	Object   byte
}

// Response is what a server answers when it has done what was asked: as many Bits or Registers as were read, or what the server
// says of itself.
type Response struct {
	Bits      []bool
	Registers []uint16
	Identity  Identity
}

// Check says what is wrong with a request; the error is ErrInvalid.
func (r *Request) Check() error {
	if r.Function == ReadIdentification {
		return r.checkIdentity()
	}
	read, write := r.Function.most()
	if read == 0 && write == 0 {
		return fmt.Errorf("%w: %s is not known", ErrInvalid, r.Function)
	}
	if err := within(r.Function, "reads", int(r.Count), read, r.Address); err != nil {
		return err
	}
	switch given, at := r.written(), r.writesAt(); {
	case r.Function.bits() && len(r.Registers) > 0, !r.Function.bits() && len(r.Bits) > 0:
		return fmt.Errorf("%w: %s has values of the other kind", ErrInvalid, r.Function)
	case r.Function == MaskWriteRegister && given > 0:
		return fmt.Errorf("%w: %s has masks, and no values", ErrInvalid, r.Function)
	case r.Function == MaskWriteRegister:
		return nil
	default:
		return within(r.Function, "writes", given, write, at)
	}
}

// within says what is wrong with a number of values from an address on.
func within(f Function, does string, n, most int, address uint16) error {
	switch {
	case most == 0 && n > 0:
		return fmt.Errorf("%w: %s %s nothing, and not %d values", ErrInvalid, f, does, n)
	case most > 0 && (n < 1 || n > most):
		return fmt.Errorf("%w: %s %s 1 to %d values, and not %d", ErrInvalid, f, does, most, n)
	case n > 0 && int(address)+n-1 > lastAddress:
		return fmt.Errorf("%w: %s %s %d values from address %d, and the last address is %d", ErrInvalid, f, does, n, address, lastAddress)
	}
	return nil
}

// written is how many values the request writes.
func (r *Request) written() int { return len(r.Bits) + len(r.Registers) }

func (r *Request) writesAt() uint16 {
	if r.Function == ReadWriteRegisters {
		return r.WriteAddress
	}
	return r.Address
}

// Append appends the request's protocol data unit: function and data. The error is ErrInvalid.
func (r *Request) Append(to []byte) ([]byte, error) {
	if err := r.Check(); err != nil {
		return to, err
	}
	to = append(to, byte(r.Function))
	if r.Function == ReadIdentification {
		return append(to, identification, byte(r.Category), r.Object), nil
	}
	to = binary.BigEndian.AppendUint16(to, r.Address)
	switch r.Function {
	case WriteCoil:
		return binary.BigEndian.AppendUint16(to, coil(r.Bits[0])), nil
	case WriteRegister:
		return binary.BigEndian.AppendUint16(to, r.Registers[0]), nil
	case MaskWriteRegister:
		return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(to, r.And), r.Or), nil
	case WriteCoils:
		to = binary.BigEndian.AppendUint16(to, uint16(len(r.Bits)))
		to = append(to, byte(bytesOf(len(r.Bits))))
		return appendBits(to, r.Bits), nil
	case WriteRegisters:
		return appendRegisters(to, r.Registers), nil
	case ReadWriteRegisters:
		to = binary.BigEndian.AppendUint16(to, r.Count)
		return appendRegisters(binary.BigEndian.AppendUint16(to, r.WriteAddress), r.Registers), nil
	default:
		return binary.BigEndian.AppendUint16(to, r.Count), nil
	}
}

func coil(on bool) uint16 {
	if on {
		return coilOn
	}
	return coilOff
}

// bytesOf is how many bytes hold so many bits.
func bytesOf(bits int) int { return (bits + 7) / 8 }

// appendBits packs bits, the first into the lowest bit of the first byte.
func appendBits(to []byte, bits []bool) []byte {
	for i, on := range bits {
		if i%8 == 0 {
			to = append(to, 0)
		}
		if on {
			to[len(to)-1] |= 1 << (i % 8)
		}
	}
	return to
}

// appendRegisters appends how many there are, how many bytes these are, and the registers.
func appendRegisters(to []byte, registers []uint16) []byte {
	to = binary.BigEndian.AppendUint16(to, uint16(len(registers)))
	to = append(to, byte(len(registers)*registerBytes))
	for _, v := range registers {
		to = binary.BigEndian.AppendUint16(to, v)
	}
	return to
}
