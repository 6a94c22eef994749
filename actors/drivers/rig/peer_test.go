package rig_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The real hardware is in nodes/sim, whose tests judge this driver by its contract. Here a test plays
// the hardware, frame by frame, to do what no good hardware does.

// peer is where the driver dials.
type peer struct{ net.Listener }

func listen(t *testing.T) peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return peer{l}
}

// device returns a device at the peer, with more address keys, in pairs.
func (p peer) device(id string, pairs ...string) actors.Device {
	address := map[string]string{"hardware": p.Addr().String()}
	for i := 0; i < len(pairs); i += 2 {
		address[pairs[i]] = pairs[i+1]
	}
	return actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: id, Profile: rig.ProfileID, Driver: rig.Name, Address: address},
		Profile: rig.Profile(),
	}
}

// accept returns the next connection.
func (p peer) accept(t *testing.T) *line {
	t.Helper()
	conn, err := p.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &line{Conn: conn, frames: wire.NewReader(conn)}
}

// line is the peer's end of a connection.
type line struct {
	net.Conn
	frames *wire.Reader
}

// next returns the next frame, which must be an M.
func next[M wire.Message](t *testing.T, l *line) (uint64, M) {
	t.Helper()
	f, err := l.frames.Next()
	if err != nil {
		t.Fatalf("the driver sent %v, want a frame", err)
	}
	m, ok := f.Message.(M)
	if !ok {
		t.Fatalf("the driver sent a %T, want a %T", f.Message, m)
	}
	return f.Call, m
}

func (l *line) answer(t *testing.T, call uint64, m wire.Message) {
	t.Helper()
	b, err := wire.Append(nil, wire.Frame{Call: call, Message: m})
	if err == nil {
		_, err = l.Write(b)
	}
	if err != nil {
		t.Fatalf("answer: %v", err)
	}
}

// greet plays the start of a connection with a session.
func (l *line) greet(t *testing.T, idle time.Duration) {
	t.Helper()
	call, _ := next[*wire.Hello](t, l)
	l.answer(t, call, &wire.Welcome{Version: wire.Version, IdleMillis: uint64(idle / time.Millisecond)})
	l.open(t, 1)
}

// open plays the start of a session.
func (l *line) open(t *testing.T, number uint64) string {
	t.Helper()
	call, m := next[*wire.Open](t, l)
	l.answer(t, call, &wire.Opened{Session: number})
	return m.Device
}

// ended checks that the driver ends the connection, and says nothing more before.
func (l *line) ended(t *testing.T) {
	t.Helper()
	if f, err := l.frames.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("got %T, %v, want the end of the connection", f.Message, err)
	}
}

// answered is what a call of the driver came to.
type answered[T any] struct {
	value T
	err   error
}

// begin makes a call of the driver, while the test plays the hardware.
func begin[T any](t *testing.T, f func(context.Context) (T, error)) func() (T, error) {
	done := make(chan answered[T], 1)
	go func() {
		v, err := f(t.Context())
		done <- answered[T]{v, err}
	}()
	return func() (T, error) {
		a := <-done
		return a.value, a.err
	}
}

func newDriver() *rig.Driver { return &rig.Driver{Gateway: "gw-1", Incarnation: "run-1"} }

// session is what the driver's sessions can do.
type session interface {
	actors.Poller
	actors.Actuator
	actors.Session
}

// open opens a session, with a new connection.
func open(t *testing.T, d *rig.Driver, p peer, device actors.Device, idle time.Duration) (session, *line) {
	t.Helper()
	wait := begin(t, func(ctx context.Context) (actors.Session, error) { return d.Open(ctx, device) })
	l := p.accept(t)
	l.greet(t, idle)
	s, err := wait()
	if err != nil {
		t.Fatal(err)
	}
	return released(t, s), l
}

// released returns a session that is closed without a word when the test ends.
func released(t *testing.T, s actors.Session) session {
	t.Helper()
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Close(ended)
	})
	return s.(session)
}

func poll(s session, resources ...string) func(context.Context) ([]actors.Sample, error) {
	return func(ctx context.Context) ([]actors.Sample, error) { return s.Poll(ctx, resources) }
}

func actuate(s session, a actors.Action) func(context.Context) (map[string]*roostv1.Value, error) {
	return func(ctx context.Context) (map[string]*roostv1.Value, error) { return s.Actuate(ctx, a) }
}

func dose(id string) actors.Action {
	return actors.Action{CommandID: id, Command: "dose", Resource: wire.ResourceDose, Value: roostv1.Double(5), Epoch: 7}
}
