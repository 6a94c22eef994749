package frame_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
)

// The examples of the specification, function by function.
var examples = []struct {
	name          string
	request       frame.Request
	asked, answer string
	response      frame.Response
}{
	{
		"read coils", frame.Request{Function: frame.ReadCoils, Address: 19, Count: 19},
		"01 0013 0013", "01 03 CD 6B 05",
		frame.Response{Bits: bits("1011 0011 1101 0110 101")},
	},
	{
		"read discrete inputs", frame.Request{Function: frame.ReadDiscreteInputs, Address: 196, Count: 22},
		"02 00C4 0016", "02 03 AC DB 35",
		frame.Response{Bits: bits("0011 0101 1101 1011 1010 11")},
	},
	{
		"read holding registers", frame.Request{Function: frame.ReadHoldingRegisters, Address: 107, Count: 3},
		"03 006B 0003", "03 06 022B 0000 0064",
		frame.Response{Registers: []uint16{0x022B, 0, 0x64}},
	},
	{
		"read input registers", frame.Request{Function: frame.ReadInputRegisters, Address: 8, Count: 1},
		"04 0008 0001", "04 02 000A",
		frame.Response{Registers: []uint16{10}},
	},
	{
		"write single coil", frame.Request{Function: frame.WriteCoil, Address: 172, Bits: []bool{true}},
		"05 00AC FF00", "05 00AC FF00", frame.Response{},
	},
	{
		"write single coil off", frame.Request{Function: frame.WriteCoil, Address: 172, Bits: []bool{false}},
		"05 00AC 0000", "05 00AC 0000", frame.Response{},
	},
	{
		"write single register", frame.Request{Function: frame.WriteRegister, Address: 1, Registers: []uint16{3}},
		"06 0001 0003", "06 0001 0003", frame.Response{},
	},
	{
		"write multiple coils", frame.Request{Function: frame.WriteCoils, Address: 19, Bits: bits("1011 0011 10")},
		"0F 0013 000A 02 CD01", "0F 0013 000A", frame.Response{},
	},
	{
		"write multiple registers", frame.Request{Function: frame.WriteRegisters, Address: 1, Registers: []uint16{10, 0x0102}},
		"10 0001 0002 04 000A 0102", "10 0001 0002", frame.Response{},
	},
	{
		"mask write register", frame.Request{Function: frame.MaskWriteRegister, Address: 4, And: 0xF2, Or: 0x25},
		"16 0004 00F2 0025", "16 0004 00F2 0025", frame.Response{},
	},
	{
		"read/write multiple registers",
		frame.Request{Function: frame.ReadWriteRegisters, Address: 3, Count: 6, WriteAddress: 14, Registers: []uint16{255, 255, 255}},
		"17 0003 0006 000E 0003 06 00FF 00FF 00FF", "17 0C 00FE 0ACD 0001 0003 000D 00FF",
		frame.Response{Registers: []uint16{0xFE, 0x0ACD, 1, 3, 13, 0xFF}},
	},
	{
		"read device identification", frame.Request{Function: frame.ReadIdentification, Category: frame.Basic},
		"2B 0E 01 00",
		"2B 0E 01 01 00 00 03 00 16 436F6D70616E79206964656E74696669636174696F6E 01 0F 50726F6475637420636F6465205858 02 05 56322E3131",
		frame.Response{Identity: frame.Identity{Conformity: 1, Objects: []frame.Object{
			{ID: frame.VendorName, Text: "Company identification"}, {ID: frame.ProductCode, Text: "Product code XX"}, {ID: frame.Revision, Text: "V2.11"},
		}}},
	},
}

func TestExamples(t *testing.T) {
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			asked, err := e.request.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := unhex(t, e.asked); !bytes.Equal(asked, want) {
				t.Errorf("the request is % x, want % x", asked, want)
			}
			response, err := e.request.Read(unhex(t, e.answer))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(e.response, response); diff != "" {
				t.Errorf("the response differs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWrongAnswers: nothing that was not asked for is taken for an answer.
func TestWrongAnswers(t *testing.T) {
	for _, e := range examples {
		answer := unhex(t, e.answer)
		wrong := map[string][]byte{
			"nothing": {}, "half": answer[:len(answer)-1], "more": append(bytes.Clone(answer), 0),
			"another function":            append([]byte{answer[0] ^ 0x40}, answer[1:]...),
			"an exception without a code": {answer[0] | 0x80},
			"an exception with two codes": {answer[0] | 0x80, 1, 1},
		}
		if len(e.response.Bits)+len(e.response.Registers)+len(e.response.Identity.Objects) == 0 { // it repeats the request
			for i := 1; i < len(answer); i++ {
				other := bytes.Clone(answer)
				other[i] ^= 1
				wrong["another echo"] = other
				wantGarbled(t, e.name, &e.request, wrong)
			}
		} else {
			other := bytes.Clone(answer)
			other[1]++
			wrong["another number of bytes"] = other
		}
		wantGarbled(t, e.name, &e.request, wrong)
	}
}

func wantGarbled(t *testing.T, name string, r *frame.Request, answers map[string][]byte) {
	t.Helper()
	for what, answer := range answers {
		if _, err := r.Read(answer); !errors.Is(err, frame.ErrGarbled) {
			t.Errorf("%s: %s (% x) ends with %v, want ErrGarbled", name, what, answer, err)
		}
	}
}

func TestExceptions(t *testing.T) {
	request := examples[0].request
	undone := map[frame.Exception]bool{1: true, 2: true, 3: true, 6: true, 10: true} // after 4, 5, 8 and 11 nobody knows
	for code := range 256 {
		_, err := request.Read([]byte{0x81, byte(code)})
		var exception frame.Exception
		if !errors.As(err, &exception) || int(exception) != code {
			t.Fatalf("exception %d ends with %v", code, err)
		}
		if exception.Undone() != undone[exception] {
			t.Errorf("exception %d says that nothing was done: %t", code, exception.Undone())
		}
		if !strings.Contains(err.Error(), "device") && !strings.Contains(err.Error(), "converter") {
			t.Errorf("exception %d says %q, and not who refused", code, err)
		}
	}
}

func TestInvalidRequests(t *testing.T) {
	many := make([]uint16, 124)
	for _, test := range []struct {
		request frame.Request
		says    string
	}{
		{frame.Request{}, "function 0 is not known"},
		{frame.Request{Function: 7, Count: 1}, "not known"},
		{frame.Request{Function: frame.ReadIdentification}, "categories 1 to 3"},
		{frame.Request{Function: frame.ReadIdentification, Category: 4}, "categories 1 to 3"},
		{frame.Request{Function: frame.ReadIdentification, Category: frame.Basic, Count: 1}, "no registers"},
		{frame.Request{Function: frame.ReadCoils}, "1 to 2000"},
		{frame.Request{Function: frame.ReadCoils, Count: 2001}, "1 to 2000"},
		{frame.Request{Function: frame.ReadHoldingRegisters, Count: 126}, "1 to 125"},
		{frame.Request{Function: frame.ReadHoldingRegisters, Address: 65535, Count: 2}, "last address"},
		{frame.Request{Function: frame.ReadHoldingRegisters, Count: 1, Registers: many[:1]}, "writes nothing"},
		{frame.Request{Function: frame.WriteCoil}, "1 to 1"},
		{frame.Request{Function: frame.WriteCoil, Bits: make([]bool, 2)}, "1 to 1"},
		{frame.Request{Function: frame.WriteCoil, Registers: many[:1]}, "other kind"},
		{frame.Request{Function: frame.WriteCoil, Bits: make([]bool, 1), Count: 1}, "reads nothing"},
		{frame.Request{Function: frame.WriteRegister, Bits: make([]bool, 1)}, "other kind"},
		{frame.Request{Function: frame.WriteCoils, Bits: make([]bool, 1969)}, "1 to 1968"},
		{frame.Request{Function: frame.WriteRegisters, Registers: many}, "1 to 123"},
		{frame.Request{Function: frame.WriteRegisters, Address: 65534, Registers: many[:3]}, "last address"},
		{frame.Request{Function: frame.MaskWriteRegister, Registers: many[:1]}, "masks"},
		{frame.Request{Function: frame.ReadWriteRegisters, Count: 1, Registers: many[:122]}, "1 to 121"},
		{frame.Request{Function: frame.ReadWriteRegisters, Count: 1, WriteAddress: 65535, Registers: many[:2]}, "last address"},
		{frame.Request{Function: frame.ReadWriteRegisters, Registers: many[:1]}, "reads 1 to 125"},
	} {
		got, err := test.request.Append([]byte("before"))
		if !errors.Is(err, frame.ErrInvalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v ends with %v, want ErrInvalid that says %q", test.request, err, test.says)
		}
		if string(got) != "before" {
			t.Errorf("%+v wrote % x", test.request, got)
		}
	}
}

// TestFrames: what is framed comes out again, and not a byte after it is taken.
func TestFrames(t *testing.T) {
	for _, e := range examples {
		answer := unhex(t, e.answer)
		overTCP, err := frame.TCP{Transaction: 0x1234, Unit: 17, PDU: answer}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		onLine, err := frame.RTU{Unit: 17, PDU: answer}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		stream := bytes.NewReader(append(append(bytes.Clone(overTCP), onLine...), "next"...))
		tcp, err := frame.ReadTCP(stream)
		if err != nil || tcp.Transaction != 0x1234 || tcp.Unit != 17 || !bytes.Equal(tcp.PDU, answer) {
			t.Errorf("%s over TCP: got %+v, %v", e.name, tcp, err)
		}
		rtu, err := frame.ReadRTU(stream)
		if err != nil || rtu.Unit != 17 || !bytes.Equal(rtu.PDU, answer) {
			t.Errorf("%s on a line: got %+v, %v", e.name, rtu, err)
		}
		if rest, _ := io.ReadAll(stream); string(rest) != "next" {
			t.Errorf("%s: %q is left, want what came next", e.name, rest)
		}
		for cut := range len(overTCP) {
			_, err := frame.ReadTCP(bytes.NewReader(overTCP[:cut]))
			wantCut(t, cut, err)
		}
		for cut := range len(onLine) {
			_, err := frame.ReadRTU(bytes.NewReader(onLine[:cut]))
			wantCut(t, cut, err)
		}
	}
}

func wantCut(t *testing.T, cut int, err error) {
	t.Helper()
	want := io.ErrUnexpectedEOF
	if cut == 0 {
		want = io.EOF
	}
	if !errors.Is(err, want) {
		t.Errorf("a frame that ends after %d bytes ends with %v, want %v", cut, err, want)
	}
}

// TestChecksum: the frames of other people's captures.
func TestChecksum(t *testing.T) {
	for _, want := range []string{"01 03 0000 000A C5CD", "02 07 4112", "11 03 006B 0003 7687"} {
		whole := unhex(t, want)
		got, err := frame.RTU{Unit: whole[0], PDU: whole[1 : len(whole)-2]}.Append(nil)
		if err != nil || !bytes.Equal(got, whole) {
			t.Errorf("got % x, %v, want % x", got, err, whole)
		}
	}
}

// TestFlippedBits: a line that changes a bit is noticed, whichever it is.
func TestFlippedBits(t *testing.T) {
	whole, err := frame.RTU{Unit: 17, PDU: unhex(t, "03 06 022B 0000 0064")}.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(whole) {
		other := bytes.Clone(whole)
		other[bit/8] ^= 1 << (bit % 8)
		if got, err := frame.ReadRTU(bytes.NewReader(other)); err == nil {
			t.Errorf("with bit %d flipped it is %+v", bit, got)
		}
	}
}

func TestNoFrames(t *testing.T) {
	for name, header := range map[string]string{
		"another protocol": "0001 0001 0002 11 03", "no function": "0001 0000 0001 11", "no length": "0001 0000 0000 11",
		"too long": "0001 0000 00FF 11 03",
	} {
		if _, err := frame.ReadTCP(bytes.NewReader(unhex(t, header+strings.Repeat("00", 300)))); !errors.Is(err, frame.ErrGarbled) {
			t.Errorf("%s ends with %v, want ErrGarbled", name, err)
		}
	}
	for name, text := range map[string]string{
		"an unknown function": "11 2B 00", "too many bytes": "11 03 FC", "a wrong checksum": "11 83 02 0000",
	} {
		if _, err := frame.ReadRTU(bytes.NewReader(unhex(t, text+strings.Repeat("00", 300)))); !errors.Is(err, frame.ErrGarbled) {
			t.Errorf("%s ends with %v, want ErrGarbled", name, err)
		}
	}
	for _, pdu := range [][]byte{nil, make([]byte, 254)} {
		if _, err := (frame.TCP{PDU: pdu}).Append(nil); !errors.Is(err, frame.ErrInvalid) {
			t.Errorf("%d bytes over TCP end with %v", len(pdu), err)
		}
		if _, err := (frame.RTU{PDU: pdu}).Append(nil); !errors.Is(err, frame.ErrInvalid) {
			t.Errorf("%d bytes on a line end with %v", len(pdu), err)
		}
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// bits reads ones and zeros, the first first.
func bits(text string) []bool {
	var all []bool
	for _, c := range strings.ReplaceAll(text, " ", "") {
		all = append(all, c == '1')
	}
	return all
}
