package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// tcpHeader is transaction, protocol and length, of two bytes each, and unit.
const tcpHeader = 7

// TCP is a frame as it goes over TCP.
type TCP struct {
	// Transaction is repeated by the server, and tells which request an answer belongs to.
	Transaction uint16
	// Unit is the server behind a converter; many servers that have no others behind them do not care.
	Unit byte
	// PDU is function and data, 1 to 253 bytes.
	PDU []byte
}

// Append appends the frame. The error is ErrInvalid if its PDU has not 1 to 253 bytes.
func (f TCP) Append(to []byte) ([]byte, error) {
	if len(f.PDU) < 1 || len(f.PDU) > maxPDU {
		return to, fmt.Errorf("%w: it has %d bytes, and not 1 to %d", ErrInvalid, len(f.PDU), maxPDU)
	}
	to = binary.BigEndian.AppendUint16(to, f.Transaction)
	to = binary.BigEndian.AppendUint16(to, 0) // Modbus
	to = binary.BigEndian.AppendUint16(to, uint16(1+len(f.PDU)))
	return append(append(to, f.Unit), f.PDU...), nil
}

// ReadTCP reads one frame. The error is ErrGarbled if this is none, io.EOF if nothing came, and else the reader's, with
// io.ErrUnexpectedEOF for half a frame.
func ReadTCP(from io.Reader) (TCP, error) {
	var header [tcpHeader]byte
	if _, err := io.ReadFull(from, header[:]); err != nil {
		return TCP{}, err
	}
	protocol, length := binary.BigEndian.Uint16(header[2:]), int(binary.BigEndian.Uint16(header[4:]))
	if protocol != 0 {
		return TCP{}, fmt.Errorf("%w: protocol %d, and Modbus is 0", ErrGarbled, protocol)
	}
	if length < 2 || length > 1+maxPDU {
		return TCP{}, fmt.Errorf("%w: a length of %d, and not 2 to %d", ErrGarbled, length, 1+maxPDU)
	}
	pdu := make([]byte, length-1)
	if _, err := io.ReadFull(from, pdu); err != nil {
		return TCP{}, unexpected(err)
	}
	return TCP{Transaction: binary.BigEndian.Uint16(header[:]), Unit: header[6], PDU: pdu}, nil
}

// unexpected says that a stream ended within a frame.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
