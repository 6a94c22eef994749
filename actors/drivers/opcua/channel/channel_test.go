package channel_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel/channeltest"
)

// dial opens a channel to a server of the test, which closes with it.
func dial(t testing.TB, s *channeltest.Server) *channel.Channel {
	t.Helper()
	c, err := channel.Dial(t.Context(), config(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func config(s *channeltest.Server) channel.Config {
	return channel.Config{Address: s.Address, Endpoint: s.Endpoint(), Policy: ua.SecurityPolicyURINone, Mode: ua.MessageSecurityModeNone}
}

func read(nodes int) *ua.ReadRequest {
	r := new(ua.ReadRequest)
	for range nodes {
		r.NodesToRead = append(r.NodesToRead, &ua.ReadValueID{
			NodeID: ua.NewNumericNodeID(0, 2258), AttributeID: ua.AttributeIDValue, DataEncoding: new(ua.QualifiedName),
		})
	}
	return r
}

// ask reads a value, with a time limit.
func ask(t testing.TB, c *channel.Channel, within time.Duration) (ua.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return c.Do(ctx, nil, read(1))
}

// answering returns a server that answers reads as told, and the rest as usual.
func answering(t testing.TB, answer func(r *channeltest.Request)) *channeltest.Server {
	return channeltest.Start(t, func(r *channeltest.Request) bool {
		if _, ok := r.Request.(*ua.ReadRequest); !ok || answer == nil {
			return false
		}
		answer(r)
		return true
	})
}

// TestAsk: what is asked is answered, in one frame or in many.
func TestAsk(t *testing.T) {
	c := dial(t, answering(t, nil))
	for _, nodes := range []int{1, 100, 4000} {
		answer, err := c.Do(t.Context(), nil, read(nodes))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(answer.(*ua.ReadResponse).Results); got != nodes {
			t.Errorf("%d values, want %d", got, nodes)
		}
	}
}

// TestParts: an answer that comes in parts is put together, and one that is broken off is an error of its request alone.
func TestParts(t *testing.T) {
	broken := false
	s := answering(t, func(r *channeltest.Request) {
		if broken {
			r.Body('C', []byte{1})
			b := ua.NewBuffer(nil)
			b.WriteUint32(uint32(ua.StatusBadResponseTooLarge))
			b.WriteString("too long")
			r.Body('A', b.Bytes())
			broken = false
			return
		}
		whole := body(t, &ua.ReadResponse{Results: channeltest.Values(1, "text")})
		r.Body('C', whole[:10])
		r.Body('C', whole[10:20])
		r.Body('F', whole[20:])
		broken = true
	})
	c := dial(t, s)
	for range 2 {
		if answer, err := ask(t, c, 5*time.Second); err != nil || len(answer.(*ua.ReadResponse).Results) != 1 {
			t.Fatalf("%v, %v", answer, err)
		}
		if _, err := ask(t, c, 5*time.Second); !errors.Is(err, ua.StatusBadResponseTooLarge) || errors.Is(err, channel.ErrNotSent) {
			t.Errorf("an answer that was broken off: %v", err)
		}
	}
}

func body(t testing.TB, response ua.Response) []byte {
	t.Helper()
	response.SetHeader(&ua.ResponseHeader{ServiceDiagnostics: new(ua.DiagnosticInfo)})
	kind, err := ua.NewFourByteExpandedNodeID(0, ua.ServiceTypeID(response)).Encode()
	if err != nil {
		t.Fatal(err)
	}
	rest, err := ua.Encode(response)
	if err != nil {
		t.Fatal(err)
	}
	return append(kind, rest...)
}

// TestGarbage: nothing that a server sends ends the process, or is taken for an answer.
func TestGarbage(t *testing.T) {
	head := body(t, new(ua.ReadResponse)) // ends with the lengths of two lists, of none
	head = head[:len(head)-8]
	list := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(bytes.Clone(head), n) }
	frame := func(kind string, size uint32, rest ...byte) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte(kind), size), rest...)
	}
	for name, answer := range map[string]func(r *channeltest.Request){
		"nothing":                     func(r *channeltest.Request) { r.Body('F', nil) },
		"no service":                  func(r *channeltest.Request) { r.Body('F', []byte{1, 0, 0xff, 0xff}) },
		"an array of negative length": func(r *channeltest.Request) { r.Body('F', append(list(1), 1, 0x8b, 0xfe, 0xff, 0xff, 0xff)) },
		"an array that does not end":  func(r *channeltest.Request) { r.Body('F', append(list(1), 1, 0x8b, 0xff, 0xff, 0, 0)) },
		"more than was asked for":     func(r *channeltest.Request) { r.Answer(&ua.ReadResponse{Results: channeltest.Values(2, "text")}) },
		"values that are not there":   func(r *channeltest.Request) { r.Body('F', list(1000)) },
		"a list that nobody can hold": func(r *channeltest.Request) { r.Body('F', list(0x7fffffff)) },
		"values in values":            func(r *channeltest.Request) { r.Body('F', append(list(1), bytes.Repeat([]byte{1, 24}, 30_000)...)) },
		"variants in variants": func(r *channeltest.Request) {
			r.Body('F', append(append(list(1), 1), bytes.Repeat([]byte{24}, 60_000)...))
		},
		"a request": func(r *channeltest.Request) { r.Body('F', requestBody(t)) },
		"keys that nobody asked for": func(r *channeltest.Request) {
			r.Answer(&ua.OpenSecureChannelResponse{SecurityToken: new(ua.ChannelSecurityToken)})
		},
		"no kind of frame":           func(r *channeltest.Request) { r.Raw(frame("GETF", 8)) },
		"a frame too short":          func(r *channeltest.Request) { r.Raw(frame("MSGF", 3)) },
		"a frame too long":           func(r *channeltest.Request) { r.Raw(frame("MSGF", 1<<30)) },
		"a frame without a message":  func(r *channeltest.Request) { r.Raw(frame("MSGF", 12, 7, 0, 0, 0)) },
		"a frame of another channel": func(r *channeltest.Request) { r.Raw(frame("MSGF", 24, make([]byte, 16)...)) },
		"a frame of other keys": func(r *channeltest.Request) {
			r.Raw(frame("MSGF", 24, 7, 0, 0, 0, 99, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0))
		},
		"a message left out": func(r *channeltest.Request) {
			r.Skip(1)
			r.Answer(&ua.ReadResponse{Results: channeltest.Values(1, 1.5)})
		},
		"a part of no kind":            func(r *channeltest.Request) { r.Body('X', nil) },
		"an answer without end":        endless,
		"another's answer and the end": func(r *channeltest.Request) { r.Another(5).Answer(new(ua.ReadResponse)); r.Cut() },
		"half a frame and the end":     func(r *channeltest.Request) { r.Raw(frame("MSGF", 100, 7, 0)); r.Cut() },
		"an error":                     func(r *channeltest.Request) { r.Raw(frame("ERRF", 16, 0, 0, 0x80, 0x80, 0xff, 0xff, 0xff, 0xff)) },
		"an error that is none":        func(r *channeltest.Request) { r.Raw(frame("ERRF", 8)) },
		"a farewell":                   func(r *channeltest.Request) { r.Raw(frame("CLOF", 8)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, answering(t, answer))
			began := time.Now()
			response, err := ask(t, c, 20*time.Second)
			if err == nil || errors.Is(err, channel.ErrNotSent) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, %v after %v", response, err, time.Since(began))
			}
		})
	}
}

func requestBody(t testing.TB) []byte {
	t.Helper()
	rest, err := ua.Encode(&ua.CloseSessionRequest{RequestHeader: &ua.RequestHeader{AuthenticationToken: ua.NewTwoByteNodeID(0)}})
	if err != nil {
		t.Fatal(err)
	}
	kind, err := ua.NewFourByteExpandedNodeID(0, ua.ServiceTypeID(new(ua.CloseSessionRequest))).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return append(kind, rest...)
}

func endless(r *channeltest.Request) {
	for range 100 {
		r.Body('C', make([]byte, 60_000))
	}
}

// TestHang: a server that says nothing holds nobody longer than the request's time, and its late answer goes to nobody.
func TestHang(t *testing.T) {
	var held *channeltest.Request
	s := answering(t, func(r *channeltest.Request) {
		if held == nil {
			held = r
			return
		}
		held.Answer(&ua.ReadResponse{Results: channeltest.Values(1, "late")})
		r.Answer(&ua.ReadResponse{Results: channeltest.Values(1, "in time")})
	})
	c := dial(t, s)
	if _, err := ask(t, c, 300*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, channel.ErrNotSent) {
		t.Errorf("no answer: %v", err)
	}
	answer, err := ask(t, c, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.(*ua.ReadResponse).Results[0].Value.Value(); got != "in time" {
		t.Errorf("the answer is %v: a late one was taken for it", got)
	}
}

// TestNotSent: what certainly did not leave says so, and only that.
func TestNotSent(t *testing.T) {
	s := answering(t, func(r *channeltest.Request) { r.Cut() })
	c := dial(t, s)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ended, nil, read(1)); !errors.Is(err, channel.ErrNotSent) {
		t.Errorf("with a context that had ended: %v", err)
	}
	if _, err := ask(t, c, 5*time.Second); err == nil || errors.Is(err, channel.ErrNotSent) || !errors.Is(err, io.EOF) {
		t.Errorf("the connection ended before the answer: %v", err)
	}
	if _, err := ask(t, c, 5*time.Second); !errors.Is(err, channel.ErrNotSent) {
		t.Errorf("the connection had ended: %v", err)
	}
	if _, err := ask(t, dialAndClose(t, s), 5*time.Second); !errors.Is(err, channel.ErrNotSent) || !errors.Is(err, channel.ErrClosed) {
		t.Errorf("the channel was closed: %v", err)
	}
}

func dialAndClose(t testing.TB, s *channeltest.Server) *channel.Channel {
	c := dial(t, s)
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return c
}

// TestRenew: keys are renewed in time, and requests go on meanwhile.
func TestRenew(t *testing.T) {
	renewed := make(chan struct{}, 100)
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		if _, ok := r.Request.(*ua.OpenSecureChannelRequest); ok {
			renewed <- struct{}{}
		}
		return false
	})
	s.Lifetime = time.Millisecond // it is taken for the least that there is, a second
	c := dial(t, s)
	for n := 0; n < 3; {
		select {
		case <-renewed:
			n++
		default:
			if _, err := ask(t, c, 5*time.Second); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestNotRenewed: a channel ends that gets no new keys.
func TestNotRenewed(t *testing.T) {
	opened := 0
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		if _, ok := r.Request.(*ua.OpenSecureChannelRequest); ok {
			if opened++; opened > 1 {
				r.Fault(new(ua.ServiceFault), ua.StatusBadSecurityChecksFailed)
				return true
			}
		}
		return false
	})
	s.Lifetime = time.Millisecond
	c := dial(t, s)
	select {
	case <-c.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on with keys that have ended")
	}
	if err := c.Err(); !errors.Is(err, ua.StatusBadSecurityChecksFailed) || !strings.Contains(err.Error(), "renew") {
		t.Errorf("it ended with %v", err)
	}
}

// TestDialEnds: opening ends with its context, whatever the server does not say, and leaves nothing.
func TestDialEnds(t *testing.T) {
	before := runtime.NumGoroutine()
	silent := channeltest.Start(t, func(*channeltest.Request) bool { return true })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := channel.Dial(ctx, config(silent)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("opened with %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	silent.Cut()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+1; runtime.Gosched() { // that which accepts
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
		}
	}
}
