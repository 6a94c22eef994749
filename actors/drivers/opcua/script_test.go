package opcua_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/opcua"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel/channeltest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The server here is one that says what a test tells it to.

func scripted(s *channeltest.Server, address string, resources ...*roostv1.Resource) actors.Device {
	return device("plant", "endpoint="+s.Endpoint()+" "+address, resources...)
}

func level() *roostv1.Resource { return resource("level", isDouble, "node=ns=2;s=Level type=Double") }

// writing returns a server that answers writes as told, and what counts them.
func writing(t testing.TB, answer func(*channeltest.Request)) (*channeltest.Server, *atomic.Int32) {
	writes := new(atomic.Int32)
	return channeltest.Start(t, func(r *channeltest.Request) bool {
		if _, ok := r.Request.(*ua.WriteRequest); !ok {
			return false
		}
		writes.Add(1)
		answer(r)
		return true
	}), writes
}

// TestOutcomes: what an error says of a write is certain, and no write is sent twice.
func TestOutcomes(t *testing.T) {
	result := func(code ua.StatusCode) func(*channeltest.Request) {
		return func(r *channeltest.Request) { r.Answer(&ua.WriteResponse{Results: []ua.StatusCode{code}}) }
	}
	fault := func(code ua.StatusCode) func(*channeltest.Request) {
		return func(r *channeltest.Request) { r.Fault(new(ua.ServiceFault), code) }
	}
	unknown := errors.New("unknown")
	for name, test := range map[string]struct {
		answer func(*channeltest.Request)
		want   error
	}{
		"done":                          {result(ua.StatusOK), nil},
		"not done yet":                  {result(ua.StatusGoodCompletesAsynchronously), unknown},
		"clamped":                       {result(ua.StatusGoodClamped), nil},
		"not writable":                  {result(ua.StatusBadNotWritable), actors.ErrRefused},
		"not writable, and more of it":  {result(ua.StatusBadNotWritable | 0x480), actors.ErrRefused},
		"out of range":                  {result(ua.StatusBadOutOfRange), actors.ErrRefused},
		"not allowed":                   {result(ua.StatusBadUserAccessDenied), actors.ErrRefused},
		"another type":                  {result(ua.StatusBadTypeMismatch), actors.ErrRefused},
		"no such node":                  {result(ua.StatusBadNodeIDUnknown), actors.ErrRefused},
		"the device failed":             {result(ua.StatusBadDeviceFailure), unknown},
		"the device was not heard":      {result(ua.StatusBadNoCommunication), unknown},
		"not in time":                   {result(ua.StatusBadTimeout), unknown},
		"not sure":                      {result(ua.StatusUncertain), unknown},
		"no service":                    {fault(ua.StatusBadServiceUnsupported), actors.ErrRefused},
		"no session":                    {fault(ua.StatusBadSessionIDInvalid), actors.ErrRefused},
		"the service failed":            {fault(ua.StatusBadInternalError), unknown},
		"no result":                     {func(r *channeltest.Request) { r.Answer(new(ua.WriteResponse)) }, unknown},
		"two results":                   {func(r *channeltest.Request) { r.Answer(&ua.WriteResponse{Results: make([]ua.StatusCode, 2)}) }, unknown},
		"another answer":                {func(r *channeltest.Request) { r.Answer(new(ua.ReadResponse)) }, unknown},
		"garbage":                       {func(r *channeltest.Request) { r.Raw([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, unknown},
		"the end":                       {func(r *channeltest.Request) { r.Cut() }, unknown},
		"a farewell with a code for no": {farewell, unknown},
		"nothing":                       {func(*channeltest.Request) {}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s, writes := writing(t, test.answer)
			session := open(t, scripted(s, "", level()))
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if name == "nothing" {
				ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
			}
			defer cancel()
			_, err := session.(actors.Actuator).Actuate(ctx, setting("level", roostv1.Double(1)))
			certain := errors.Is(err, actors.ErrRefused) || errors.Is(err, actors.ErrNotSent)
			switch {
			case test.want == nil && err != nil, test.want == unknown && (err == nil || certain), //
				test.want == actors.ErrRefused && !errors.Is(err, actors.ErrRefused):
				t.Errorf("%v, want %v", err, test.want)
			}
			if got := writes.Load(); got != 1 {
				t.Errorf("it was sent %d times", got)
			}
		})
	}
}

// farewell closes the connection with a code that would be a refusal, had it been the answer.
func farewell(r *channeltest.Request) {
	b := ua.NewBuffer([]byte("ERRF"))
	b.WriteUint32(16)
	b.WriteUint32(uint32(ua.StatusBadUserAccessDenied))
	b.WriteUint32(0xffffffff)
	r.Raw(b.Bytes())
}

// TestConnectsAgain: once the connection has ended nothing is sent, and the next poll makes another.
func TestConnectsAgain(t *testing.T) {
	s, writes := writing(t, func(r *channeltest.Request) { r.Cut() })
	session := open(t, scripted(s, "", level()))
	if _, err := act(t, session, setting("level", roostv1.Double(1))); err == nil || errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a write whose connection ended: %v", err)
	}
	if _, err := act(t, session, setting("level", roostv1.Double(2))); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a write without a connection: %v", err)
	}
	wantValues(t, session, map[string]string{"level": "1.5"})
	if got := writes.Load(); got != 1 {
		t.Errorf("the server saw %d writes", got)
	}
}

// TestClosedWhileItConnects: a session that was closed does not connect again, also if a poll of it still runs.
func TestClosedWhileItConnects(t *testing.T) {
	var connections atomic.Int32
	held := make(chan *channeltest.Request, 1)
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		if _, ok := r.Request.(*ua.CreateSessionRequest); ok && connections.Add(1) == 2 {
			held <- r
			return true
		}
		return false
	})
	session, err := newDriver().Open(t.Context(), scripted(s, "", level()))
	if err != nil {
		t.Fatal(err)
	}
	s.Cut()
	polled := make(chan error, 1)
	go func() {
		for { // until the end of the connection is seen
			if _, err := session.(actors.Poller).Poll(t.Context(), []string{"level"}); err != nil && len(polled) == 0 && connections.Load() > 1 {
				polled <- err
				return
			}
		}
	}()
	r := <-held
	if err := session.Close(t.Context()); err != nil {
		t.Error(err)
	}
	r.Usual()
	if err := <-polled; err == nil || !strings.Contains(err.Error(), "the session was closed") {
		t.Errorf("a poll of a session that was closed: %v", err)
	}
}

// TestTypesAreAsked: the server's type decides how a value is written, and is asked for again as long as it is not known.
func TestTypesAreAsked(t *testing.T) {
	known := false
	var written []any
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		switch q := r.Request.(type) {
		case *ua.WriteRequest:
			written = append(written, q.NodesToWrite[0].Value.Value.Value())
			r.Answer(&ua.WriteResponse{Results: make([]ua.StatusCode, 1)})
			return true
		case *ua.ReadRequest:
			if q.NodesToRead[0].AttributeID != ua.AttributeIDDataType {
				return false
			}
			none := &ua.DataValue{EncodingMask: ua.DataValueStatusCode, Status: ua.StatusBadNoData, Value: new(ua.Variant)}
			if known {
				none = channeltest.Values(1, ua.NewTwoByteNodeID(id.Int16))[0]
			}
			r.Answer(&ua.ReadResponse{Results: []*ua.DataValue{none, {EncodingMask: ua.DataValueStatusCode, Status: ua.StatusBadNoData, Value: new(ua.Variant)}}})
			return true
		}
		return false
	})
	session := open(t, scripted(s, "", resource("level", isDouble, "node=ns=2;s=Level")))
	if _, err := act(t, session, setting("level", roostv1.Double(5))); !errors.Is(err, actors.ErrNotSent) || !strings.Contains(err.Error(), "say so in its protocol") {
		t.Errorf("of a type that nobody knows: %v", err)
	}
	known = true
	if _, err := act(t, session, setting("level", roostv1.Double(5))); err != nil {
		t.Error(err)
	}
	if _, err := act(t, session, setting("level", roostv1.Double(5.5))); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a fraction for an Int16: %v", err)
	}
	if len(written) != 1 || written[0] != int16(5) {
		t.Errorf("written was %v, want 5 of an Int16", written)
	}
}

// TestSlow: a slow answer is waited for, and while it is, others are not held up.
func TestSlow(t *testing.T) {
	held := make(chan *channeltest.Request, 1)
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		if q, ok := r.Request.(*ua.ReadRequest); ok && len(q.NodesToRead) == 2 {
			held <- r
			return true
		}
		return false
	})
	session := open(t, scripted(s, "", level(), readOnly("other", isDouble, "node=i=5")))
	slow := make(chan error, 1)
	go func() {
		_, err := session.(actors.Poller).Poll(t.Context(), []string{"level", "other"})
		slow <- err
	}()
	r := <-held
	time.AfterFunc(300*time.Millisecond, func() { r.Answer(&ua.ReadResponse{Results: channeltest.Values(2, 2.5)}) })
	if err := <-slow; err != nil {
		t.Error(err)
	}
	wantValues(t, session, map[string]string{"level": "1.5"})
}

// TestParts: no more is asked for at once than the address says.
func TestParts(t *testing.T) {
	var sizes []int
	s := channeltest.Start(t, func(r *channeltest.Request) bool {
		if q, ok := r.Request.(*ua.ReadRequest); ok {
			sizes = append(sizes, len(q.NodesToRead))
		}
		return false
	})
	var resources []*roostv1.Resource
	want := make(map[string]string)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		resources = append(resources, readOnly(name, isDouble, "node=ns=1;s="+name))
		want[name] = "1.5"
	}
	wantValues(t, open(t, scripted(s, "most=2", resources...)), want)
	if len(sizes) != 3 || sizes[0] != 2 || sizes[2] != 1 {
		t.Errorf("asked for %v at once", sizes)
	}
}

// TestContract: the driver keeps its contract, with a server that needs no program.
func TestContract(t *testing.T) {
	s, _ := writing(t, func(r *channeltest.Request) { r.Answer(&ua.WriteResponse{Results: make([]ua.StatusCode, 1)}) })
	drivertest.Run(t, newDriver(), scripted(s, "", level()), drivertest.Options{
		Actions: []actors.Action{setting("level", roostv1.Double(7))},
		Refused: []actors.Action{setting("level", roostv1.Text("high"))},
		Bad:     []actors.Device{scripted(s, "rate=1", level())},
	})
}

// newDriver returns a driver that reads secrets wherever a test has them.
func newDriver() *opcua.Driver { return &opcua.Driver{Secrets: keys.Anywhere} }
