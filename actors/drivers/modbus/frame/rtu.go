package frame

import (
	"encoding/binary"
	"fmt"
	"io"
)

// RTU is a frame as it goes over a serial line, or over TCP to a converter that passes on what it gets.
type RTU struct {
	// Unit is the server, 1 to 247; 0 is all of them, which do not answer.
	Unit byte
	// PDU is function and data, 1 to 253 bytes.
	PDU []byte
}

// Append appends the frame with its checksum. The error is ErrInvalid if its PDU has not 1 to 253 bytes.
func (f RTU) Append(to []byte) ([]byte, error) {
	if len(f.PDU) < 1 || len(f.PDU) > maxPDU {
		return to, fmt.Errorf("%w: it has %d bytes, and not 1 to %d", ErrInvalid, len(f.PDU), maxPDU)
	}
	begin := len(to)
	to = append(append(to, f.Unit), f.PDU...)
	return binary.LittleEndian.AppendUint16(to, checksum(to[begin:])), nil
}

// ReadRTU reads the frame of an answer: how long it is shows in its function and in how many bytes it says to have, since on a
// stream there is no silence to see. The error is ErrGarbled if the checksum is wrong or the function has no such answer, io.EOF if
// nothing came, and else the reader's, with io.ErrUnexpectedEOF for half a frame.
func ReadRTU(from io.Reader) (RTU, error) {
	frame := make([]byte, 3, 1+maxPDU+2) // unit, function, and a byte that every answer has
	if n, err := io.ReadFull(from, frame); err != nil {
		if n > 0 {
			err = unexpected(err)
		}
		return RTU{}, err
	}
	frame, err := readRest(from, frame)
	if err != nil {
		return RTU{}, err
	}
	body, sum := frame[:len(frame)-2], binary.LittleEndian.Uint16(frame[len(frame)-2:])
	if want := checksum(body); sum != want {
		return RTU{}, fmt.Errorf("%w: checksum %04x, and not %04x", ErrGarbled, sum, want)
	}
	return RTU{Unit: body[0], PDU: body[1:]}, nil
}

// readRest reads the rest of a frame, of which unit, function and one byte more have come.
func readRest(from io.Reader, frame []byte) ([]byte, error) {
	function, err := Function(frame[1]), error(nil)
	if function == ReadIdentification && frame[2] == identification {
		if frame, err = readObjects(from, frame); err != nil {
			return nil, err
		}
	} else {
		rest, ok := answerRest(function, frame[2])
		if !ok {
			return nil, fmt.Errorf("%w: %s with %d has no answer", ErrGarbled, function, frame[2])
		}
		frame = frame[:3+rest]
		if _, err := io.ReadFull(from, frame[3:]); err != nil {
			return nil, unexpected(err)
		}
	}
	sum := len(frame)
	frame = frame[:sum+2]
	if _, err := io.ReadFull(from, frame[sum:]); err != nil {
		return nil, unexpected(err)
	}
	return frame, nil
}

// answerRest is how many bytes of data an answer has after its first; false if there is no such answer.
func answerRest(f Function, first byte) (int, bool) {
	if f&failed != 0 {
		return 0, true
	}
	switch f {
	case ReadCoils, ReadDiscreteInputs, ReadHoldingRegisters, ReadInputRegisters, ReadWriteRegisters:
		return int(first), int(first) <= maxPDU-2
	case WriteCoil, WriteRegister, WriteCoils, WriteRegisters:
		return 3, true
	case MaskWriteRegister:
		return 5, true
	}
	return 0, false
}

// checksum is the CRC-16 of serial lines: the polynomial 0xA001, which is 0x8005 with its bits reversed, from 0xFFFF on.
func checksum(data []byte) uint16 {
	sum := uint16(0xFFFF)
	for _, b := range data {
		sum = sum>>8 ^ sums[byte(sum)^b]
	}
	return sum
}

// sums are the checksums of each byte alone.
var sums = func() (table [256]uint16) {
	for i := range table {
		sum := uint16(i)
		for range 8 {
			odd := sum & 1
			sum >>= 1
			if odd == 1 {
				sum ^= 0xA001
			}
		}
		table[i] = sum
	}
	return table
}()
