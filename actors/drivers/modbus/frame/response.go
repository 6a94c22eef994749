package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrGarbled says that what came is no answer to the request: the stream is out of step, or the server is no Modbus server.
var ErrGarbled = errors.New("garbled answer")

// Read reads the protocol data unit of the answer to a request that was sent. The error is an [Exception] if the server
// refused, and ErrGarbled if this is no answer to the request. The response shares nothing with pdu.
func (r *Request) Read(pdu []byte) (Response, error) {
	if len(pdu) == 0 {
		return Response{}, fmt.Errorf("%w: it is empty", ErrGarbled)
	}
	function, data := Function(pdu[0]), pdu[1:]
	switch {
	case function == r.Function|failed:
		if len(data) != 1 {
			return Response{}, fmt.Errorf("%w: an exception with %d bytes of data, and not 1", ErrGarbled, len(data))
		}
		return Response{}, Exception(data[0])
	case function != r.Function:
		return Response{}, fmt.Errorf("%w: it is of %s, and %s was asked", ErrGarbled, function, r.Function)
	}
	if r.Function == ReadIdentification {
		return r.readIdentity(data)
	}
	if most, _ := r.Function.most(); most > 0 {
		return r.readValues(data)
	}
	return Response{}, r.readEcho(data)
}

// readValues reads what was asked for.
func (r *Request) readValues(data []byte) (Response, error) {
	want := int(r.Count) * registerBytes
	if r.Function.bits() {
		want = bytesOf(int(r.Count))
	}
	if len(data) != 1+want || int(data[0]) != want {
		return Response{}, fmt.Errorf("%w: %d bytes of data that say to be %d, and %d were asked for", ErrGarbled, max(len(data)-1, 0), first(data), want)
	}
	data = data[1:]
	if r.Function.bits() {
		bits := make([]bool, r.Count)
		for i := range bits {
			bits[i] = data[i/8]&(1<<(i%8)) != 0
		}
		return Response{Bits: bits}, nil
	}
	registers := make([]uint16, r.Count)
	for i := range registers {
		registers[i] = binary.BigEndian.Uint16(data[registerBytes*i:])
	}
	return Response{Registers: registers}, nil
}

func first(data []byte) byte {
	if len(data) == 0 {
		return 0
	}
	return data[0]
}

// readEcho checks that the server repeats what it was told: all of it, or address and number where there are several values.
func (r *Request) readEcho(data []byte) error {
	sent, err := r.Append(nil)
	if err != nil {
		return err
	}
	want := sent[1:]
	if r.Function == WriteCoils || r.Function == WriteRegisters {
		want = want[:4]
	}
	if !bytes.Equal(data, want) {
		return fmt.Errorf("%w: the server repeats % x, and was told % x", ErrGarbled, data, want)
	}
	return nil
}
