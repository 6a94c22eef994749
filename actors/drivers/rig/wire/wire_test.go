package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sample is a frame and its bytes.
type sample struct {
	name  string
	hex   string // with spaces for the reader
	frame wire.Frame
}

// samples has a frame of each kind, and a value of each type.
func samples() []sample {
	write := func(v *roostv1.Value) wire.Frame {
		return wire.Frame{Call: 5, Message: &wire.Write{
			Session: 1, Resource: "dose", Value: v, Command: "c-1", Epoch: 300, Attempt: 2,
		}}
	}
	return []sample{
		{"hello", "0000000e 01 01 01 04 67772d31 05 72756e2d31", wire.Frame{Call: 1, Message: &wire.Hello{Version: 1, Gateway: "gw-1", Incarnation: "run-1"}}},
		{"open", "00000005 02 02 02 6431", wire.Frame{Call: 2, Message: &wire.Open{Device: "d1"}}},
		{"close", "00000003 03 03 07", wire.Frame{Call: 3, Message: &wire.Close{Session: 7}}},
		{"read", "00000009 04 04 01 02 01 61 02 6263", wire.Frame{Call: 4, Message: &wire.Read{Session: 1, Resources: []string{"a", "bc"}}}},
		{"read nothing", "00000004 04 04 01 00", wire.Frame{Call: 4, Message: &wire.Read{Session: 1}}},
		{"write nothing", "00000010 05 05 01 04 646f7365 00 03 632d31 ac02 02", write(nil)},
		{"write bool", "00000011 05 05 01 04 646f7365 01 01 03 632d31 ac02 02", write(roostv1.Bool(true))},
		{"write int", "00000011 05 05 01 04 646f7365 02 03 03 632d31 ac02 02", write(roostv1.Int(-2))},
		{"write uint", "00000011 05 05 01 04 646f7365 03 07 03 632d31 ac02 02", write(roostv1.Uint(7))},
		{"write double", "00000018 05 05 01 04 646f7365 04 3ff8000000000000 03 632d31 ac02 02", write(roostv1.Double(1.5))},
		{"write text", "00000014 05 05 01 04 646f7365 05 03 c3a478 03 632d31 ac02 02", write(roostv1.Text("äx"))},
		{"write bytes", "00000012 05 05 01 04 646f7365 06 01 ff 03 632d31 ac02 02", write(roostv1.Bytes([]byte{0xff}))},
		{"ping", "00000003 06 8002", wire.Frame{Call: 256, Message: &wire.Ping{}}},
		{"welcome", "00000005 81 01 01 d00f", wire.Frame{Call: 1, Message: &wire.Welcome{Version: 1, IdleMillis: 2000}}},
		{"ack", "00000002 82 01", wire.Frame{Call: 1, Message: &wire.Ack{}}},
		{"opened", "00000003 83 02 09", wire.Frame{Call: 2, Message: &wire.Opened{Session: 9}}},
		{"values", "00000006 84 04 02 03 05 00", wire.Frame{Call: 4, Message: &wire.Values{Values: []*roostv1.Value{roostv1.Uint(5), nil}}}},
		{"nack", "00000006 85 05 07 02 6e6f", wire.Frame{Call: 5, Message: &wire.Nack{Code: wire.CodeStaleEpoch, Reason: "no"}}},
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// The layout is a contract between processes of different versions: these bytes must not change.
func TestLayout(t *testing.T) {
	for _, tt := range samples() {
		t.Run(tt.name, func(t *testing.T) {
			want := unhex(t, tt.hex)
			got, err := wire.Append([]byte("before"), tt.frame)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, append([]byte("before"), want...)) {
				t.Errorf("wrote %x, want %x", got[len("before"):], want)
			}
			frame, err := wire.Parse(want[4:])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.frame, frame, protocmp.Transform()); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

// No part of a frame is a frame.
func TestCutFrameIsMalformed(t *testing.T) {
	for _, tt := range samples() {
		body := unhex(t, tt.hex)[4:]
		for n := range body {
			if frame, err := wire.Parse(body[:n]); !errors.Is(err, wire.ErrMalformed) {
				t.Errorf("%s cut to %d of %d bytes: got %v, %v, want ErrMalformed", tt.name, n, len(body), frame, err)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	tests := []struct{ name, hex, want string }{
		{"nothing", "", "empty"},
		{"unknown kind", "7f 01", "kind 0x7f"},
		{"left over", "82 01 00", "ack: end: 1 bytes are left over"},
		{"number of 65 bits", "82 ffffffffffffffffff02", "ack: call: it is not a number"},
		{"endless number", "82 ffffffffffffffffffffffff", "ack: call"},
		{"long text", "02 01 8102 " + strings.Repeat("61", 257), "open: device: it has 257 bytes"},
		{"length beyond the frame", "02 01 05 61", "open: device: 4 bytes are missing"},
		{"huge length", "02 01 ffffffffffffffffff01 61", "open: device: it has 18446744073709551615 bytes"},
		{"not UTF-8", "02 01 02 c328", "open: device: it is not UTF-8"},
		{"long list", "04 01 01 8102", "read: resources: there are 257"},
		{"type of value", "05 01 01 01 61 07", "write: value: type 7"},
		{"bool of 2", "05 01 01 01 61 01 02", "write: value: 2 is neither"},
		{"huge bytes", "05 01 01 01 61 06 ffffffffffffffffff01", "write: value"},
		{"value not UTF-8", "05 01 01 01 61 05 01 ff 00 00 00", "write: value: it is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frame, err := wire.Parse(unhex(t, tt.hex))
			if !errors.Is(err, wire.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want ErrMalformed with %q", frame, err, tt.want)
			}
		})
	}
}

func TestCannotBeWritten(t *testing.T) {
	long := strings.Repeat("x", wire.MaxText+1)
	tests := []struct {
		name    string
		message wire.Message
		want    string
	}{
		{"nothing", nil, "no message"},
		{"long text", &wire.Open{Device: long}, "device: it has 257 bytes"},
		{"not UTF-8", &wire.Open{Device: "\xff"}, "device: it is not UTF-8"},
		{"long list", &wire.Read{Resources: make([]string, wire.MaxList+1)}, "resources: there are 257"},
		{"value not UTF-8", &wire.Write{Value: roostv1.Text("\xff")}, "value: it is not UTF-8"},
		{"long frame", &wire.Write{Value: roostv1.Bytes(make([]byte, wire.MaxFrame))}, "frame: it has"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := wire.Append([]byte("before"), wire.Frame{Call: 1, Message: tt.message})
			if !errors.Is(err, wire.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want ErrMalformed with %q", err, tt.want)
			}
			if string(got) != "before" {
				t.Errorf("got %q, want what was there before", got)
			}
		})
	}
}

func TestReader(t *testing.T) {
	var stream []byte
	for _, s := range samples() {
		stream = append(stream, unhex(t, s.hex)...)
	}
	reader := wire.NewReader(iotest.OneByteReader(bytes.NewReader(stream)))
	var frames []wire.Frame
	for range samples() {
		f, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
	if f, err := reader.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: got %v, %v, want EOF", f, err)
	}
	for i, s := range samples() { // only now: a frame keeps nothing of the reader's buffer
		if diff := cmp.Diff(s.frame, frames[i], protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
	}
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name   string
		stream io.Reader
		want   error
	}{
		{"cut in the length", strings.NewReader("\x00\x00"), io.ErrUnexpectedEOF},
		{"cut after the length", strings.NewReader("\x00\x00\x00\x02"), io.ErrUnexpectedEOF},
		{"cut in the body", strings.NewReader("\x00\x00\x00\x02\x82"), io.ErrUnexpectedEOF},
		{"too long", strings.NewReader("\x00\x00\x40\x01"), wire.ErrMalformed},
		{"not ours", strings.NewReader("GET / HTTP/1.1\r\n\r\n"), wire.ErrMalformed},
		{"empty frame", strings.NewReader("\x00\x00\x00\x00"), wire.ErrMalformed},
		{"broken", iotest.ErrReader(broken), broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if f, err := wire.NewReader(tt.stream).Next(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v, want %v", f, err, tt.want)
			}
		})
	}
}

func TestNackIsItsCode(t *testing.T) {
	err := error(&wire.Nack{Code: wire.CodeTaken, Reason: "by gw-2"})
	if !errors.Is(err, wire.CodeTaken) || errors.Is(err, wire.CodeBusy) {
		t.Errorf("%v is not its code alone", err)
	}
	if got, want := err.Error(), "taken by another session: by gw-2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (&wire.Nack{Code: 99}).Error(), "refused with code 99"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for code := wire.CodeMalformed; code <= wire.CodeDeclined; code++ {
		if strings.Contains(code.Error(), "code") {
			t.Errorf("code %d has no words", uint64(code))
		}
	}
}

// Whatever can be read can be written, and is then read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range samples() {
		f.Add(unhex(f, s.hex)[4:])
	}
	f.Add(unhex(f, "05 01 01 01 61 04 7ff8000000000001 00 00 00")) // NaN
	f.Fuzz(func(t *testing.T, body []byte) {
		frame, err := wire.Parse(body)
		if err != nil {
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatalf("got %v, want ErrMalformed", err)
			}
			return
		}
		again, err := wire.Append(nil, frame)
		if len(body) > wire.MaxFrame {
			return // no reader lets it come to this
		}
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", frame, err)
		}
		got, err := wire.NewReader(bytes.NewReader(again)).Next()
		if err != nil {
			t.Fatalf("%+v was written as %x, and cannot be read: %v", frame, again, err)
		}
		if diff := cmp.Diff(frame, got, protocmp.Transform(), sameBits()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// sameBits compares doubles bit by bit: NaN is NaN.
func sameBits() cmp.Option {
	return cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
}

// A stream of anything ends in an error, and is not read beyond what it says.
func FuzzReader(f *testing.F) {
	var all []byte
	for _, s := range samples() {
		all = append(all, unhex(f, s.hex)...)
	}
	f.Add(all)
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		reader := wire.NewReader(bytes.NewReader(stream))
		for range len(stream) + 1 {
			if _, err := reader.Next(); err != nil {
				return
			}
		}
		t.Error("there are more frames than bytes")
	})
}

func BenchmarkWrite(b *testing.B) {
	frame := wire.Frame{Call: 1000, Message: &wire.Write{
		Session: 1, Resource: "dose", Value: roostv1.Double(5), Command: "c-1", Epoch: 1 << 20, Attempt: 1,
	}}
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buffer, err = wire.Append(buffer[:0], frame); err != nil {
			b.Fatal(err)
		}
		if _, err = wire.Parse(buffer[4:]); err != nil {
			b.Fatal(err)
		}
	}
}
