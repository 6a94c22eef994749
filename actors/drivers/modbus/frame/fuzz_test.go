package frame_test

import (
	"bytes"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
)

// FuzzReadTCP: whatever comes, a frame that is read is the bytes that were taken.
func FuzzReadTCP(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 0, 3, 17, 0x83, 2})
	f.Add([]byte{0, 1, 0, 0, 0, 5, 17, 3, 2, 0, 10})
	f.Fuzz(func(t *testing.T, stream []byte) {
		from := bytes.NewReader(stream)
		got, err := frame.ReadTCP(from)
		if err != nil {
			return
		}
		again, err := got.Append(nil)
		if err != nil || !bytes.Equal(again, stream[:len(stream)-from.Len()]) {
			t.Errorf("% x was read, and is % x, %v", stream, again, err)
		}
	})
}

// FuzzReadRTU: the same on a line.
func FuzzReadRTU(f *testing.F) {
	f.Add([]byte{17, 3, 2, 0, 10, 0xF8, 0x40})
	f.Add([]byte{2, 0x87, 1, 0xF2, 0x60})
	f.Add([]byte{1, 43, 14, 1, 1, 0, 0, 1, 0, 2, 'a', 'b', 0, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		from := bytes.NewReader(stream)
		got, err := frame.ReadRTU(from)
		if err != nil {
			return
		}
		again, err := got.Append(nil)
		if err != nil || !bytes.Equal(again, stream[:len(stream)-from.Len()]) {
			t.Errorf("% x was read, and is % x, %v", stream, again, err)
		}
	})
}

// FuzzRead: whatever a server answers, a response has as many values as were asked for.
func FuzzRead(f *testing.F) {
	f.Add(byte(3), uint16(1), []byte{3, 2, 0, 10})
	f.Add(byte(1), uint16(9), []byte{1, 2, 0xFF, 1})
	f.Add(byte(4), uint16(125), []byte{0x84, 2})
	f.Add(byte(43), uint16(1), []byte{43, 14, 1, 1, 0, 0, 1, 0, 2, 'a', 'b'})
	f.Fuzz(func(t *testing.T, function byte, count uint16, pdu []byte) {
		request := frame.Request{Function: frame.Function(function), Count: count}
		if request.Function == frame.ReadIdentification {
			request = frame.Request{Function: request.Function, Category: frame.Category(count)}
			count = 0
		}
		if request.Check() != nil {
			return
		}
		got, err := request.Read(pdu)
		if err == nil && len(got.Bits)+len(got.Registers) != int(count) {
			t.Errorf("%d were asked for, and % x has %d", count, pdu, len(got.Bits)+len(got.Registers))
		}
	})
}
