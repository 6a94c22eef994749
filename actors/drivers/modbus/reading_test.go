package modbus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// kinds are resources of every kind, each of which needs a request of its own; a few more than are made at once.
func kinds() (resources []*roostv1.Resource, names []string) {
	for i, name := range []string{"u", "i", "d", "b", "t", "u2", "i2", "d2", "b2", "t2"} {
		address := "address=" + string(rune('1'+i%5)) + string(rune('0'+i/5)) + "0"
		r := map[byte]*roostv1.Resource{
			'u': resource(name, isUint, address), 'i': resource(name, isInt, address), 'd': resource(name, isDouble, address+" scale=0.1"),
			'b': resource(name, isBool, address+" bit=0"), 't': resource(name, isText, address+" length=1"),
		}[name[0]]
		resources, names = append(resources, r), append(names, name)
	}
	return resources, names
}

// TestEachRequestAfterItsAnswer: of the requests of a poll one is on its way at a time, and each answer's values and time are its own.
func TestEachRequestAfterItsAnswer(t *testing.T) {
	h := listen(t)
	var waiting atomic.Int64
	h.connections(func(_ int, conn net.Conn) {
		for asked := make([]byte, 64); ; { // not only what is asked for: a second request would be read along
			n, err := conn.Read(asked)
			if err != nil {
				return
			}
			if n != 12 {
				t.Errorf("%d bytes came at once, and a request has 12", n)
			}
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
			if n, err := conn.Read(asked[12:]); err == nil {
				t.Errorf("%d bytes came before the answer", n)
			}
			_ = conn.SetReadDeadline(time.Time{})
			waiting.Add(1)
			_, _ = conn.Write(registersOf(asked[:12]))
		}
	})
	resources, names := kinds()
	s := open(t, device("d", h.address(), resources...))
	samples, err := s.(actors.Poller).Poll(t.Context(), names)
	if err != nil || len(samples) != len(names) || waiting.Load() != int64(len(names)) {
		t.Fatalf("%d samples, %d requests, %v; want %d", len(samples), waiting.Load(), err, len(names))
	}
	for i, sample := range samples {
		if i > 0 && sample.At.Sub(samples[i-1].At) < 4*time.Millisecond {
			t.Errorf("%s came %v after the answer before, and the device took 5ms", sample.Resource, sample.At.Sub(samples[i-1].At))
		}
	}
	wantSamples(t, samples, map[string]string{
		"u": "100", "i": "200", "d": "30", "b": "false", "t": `"\x01\xf4"`, "u2": "110", "i2": "210", "d2": "31", "b2": "false", "t2": `"\x01\xfe"`,
	})
}

func wantSamples(t *testing.T, samples []actors.Sample, want map[string]string) {
	t.Helper()
	for _, sample := range samples {
		if sample.Resource[0] == 't' { // no text
			if sample.Value != nil || sample.Reason != roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR {
				t.Errorf("%s is %s, %s, want an error", sample.Resource, sample.Value.Format(), sample.Reason)
			}
			continue
		}
		if got := sample.Value.Format(); got != want[sample.Resource] {
			t.Errorf("%s is %s, want %s", sample.Resource, got, want[sample.Resource])
		}
	}
}

// TestValuesStay: no value changes after the poll that returned it, whatever comes later.
func TestValuesStay(t *testing.T) {
	h := listen(t)
	var polls atomic.Uint64
	h.serve(func(_ int, asked []byte) []byte {
		answer := registersOf(asked)
		for i := 9; i < len(answer); i += 2 {
			v := binary.BigEndian.Uint16(answer[i:])
			binary.BigEndian.PutUint16(answer[i:], v+uint16(1000*polls.Load()))
		}
		return answer
	})
	var resources []*roostv1.Resource
	var names []string
	for i := range 40 {
		name := string(rune('a'+i/26)) + string(rune('a'+i%26))
		resources = append(resources, resource(name, []roostv1.ValueType{isUint, isInt, isDouble}[i%3], "address="+string(rune('0'+i/10))+string(rune('0'+i%10))))
		names = append(names, name)
	}
	s := open(t, device("d", h.address()+" most=7", resources...))
	var all [][]actors.Sample
	for range 4 {
		samples, err := s.(actors.Poller).Poll(t.Context(), names)
		if err != nil || len(samples) != len(names) {
			t.Fatalf("%d samples, %v", len(samples), err)
		}
		all = append(all, samples)
		polls.Add(1)
	}
	for n, samples := range all {
		for i, sample := range samples {
			number := sample.Value.GetUint() + uint64(sample.Value.GetInt()) + uint64(sample.Value.GetDouble())
			if want := uint64(1000*n + i); sample.Resource != names[i] || number != want {
				t.Errorf("of poll %d %s is %s, want %s to be %d", n, sample.Resource, sample.Value.Format(), names[i], want)
			}
		}
	}
}

// TestFailsHalfway: what had come before a device fell silent, or refused, or went, is what it was, and what it did not give is bad.
func TestFailsHalfway(t *testing.T) {
	for name, fail := range map[string]struct {
		answer func(asked []byte) []byte
		reason roostv1.QualityReason
	}{
		"silent":  {func([]byte) []byte { return nil }, roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE},
		"garbled": {func([]byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE},
		"refused": {func(asked []byte) []byte { return answerTo(asked, asked[6], asked[7]|0x80, 4) }, roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT},
		"no path": {func(asked []byte) []byte { return answerTo(asked, asked[6], asked[7]|0x80, 10) }, roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE},
	} {
		t.Run(name, func(t *testing.T) {
			h := listen(t)
			h.serve(func(_ int, asked []byte) []byte {
				if address := binary.BigEndian.Uint16(asked[8:]); address == 200 || address == 500 {
					return fail.answer(asked)
				}
				return registersOf(asked)
			})
			s := open(t, device("d", h.address()+" reply=30ms", resource("a", isUint, "address=100"), resource("b", isUint, "address=200"),
				resource("c", isUint, "address=300"), resource("d", isDouble, "address=400"), resource("e", isDouble, "address=500")))
			samples, err := s.(actors.Poller).Poll(t.Context(), []string{"a", "b", "c", "d", "e"})
			if err != nil || len(samples) != 5 {
				t.Fatalf("%d samples, %v", len(samples), err)
			}
			for i, want := range []string{"100", "", "300", "400", ""} {
				sample, bad := samples[i], want == ""
				if bad != (sample.Value == nil) || bad != (sample.Quality == roostv1.Quality_QUALITY_BAD) || bad && sample.Reason != fail.reason ||
					!bad && sample.Value.Format() != want || sample.At.IsZero() {
					t.Errorf("%s is %s, %s, want %q", sample.Resource, sample.Value.Format(), sample.Reason, want)
				}
			}
		})
	}
}

// TestGoneHalfway: likewise where nothing more can be asked.
func TestGoneHalfway(t *testing.T) {
	h := listen(t)
	h.connections(func(_ int, conn net.Conn) {
		asked := make([]byte, 12)
		_, _ = conn.Read(asked)
		_ = h.Close()
		_, _ = conn.Write(registersOf(asked))
	})
	s := open(t, device("d", h.address(), resource("a", isUint, "address=100"), resource("b", isUint, "address=200"), resource("c", isUint, "address=300")))
	if got := poll(t, s, "a", "b", "c"); got["a"] != "100" || got["b"] != "COMM_FAILURE" || got["c"] != "COMM_FAILURE" {
		t.Errorf("there is %v", got)
	}
}

// TestEndHalfway: a poll whose context ends between its requests ends with it, and the next one of the same line has all its time, also if the
// two were to end at the same time.
func TestEndHalfway(t *testing.T) {
	h := listen(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	h.serve(func(n int, request []byte) []byte {
		if n == 1 {
			close(asked)
			<-answer
		}
		if n == 2 {
			<-time.After(20 * time.Millisecond)
		}
		return registersOf(request)
	})
	s := open(t, device("d", h.address()+" reply=1m", resource("a", isUint, "address=100"), resource("b", isUint, "address=200")))
	whole, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	part, end := context.WithCancel(whole)
	go func() {
		<-asked
		end()
	}()
	if _, err := s.(actors.Poller).Poll(part, []string{"a", "b"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a poll that was cancelled ends with %v", err)
	}
	close(answer)
	samples, err := s.(actors.Poller).Poll(whole, []string{"a", "b"})
	if err != nil || len(samples) != 2 || samples[0].Value.Format() != "100" || samples[1].Value.Format() != "200" {
		t.Errorf("the next poll: %v, %v", samples, err)
	}
}
