package opcua_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/opcua"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
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
		"done in time":                  {result(ua.StatusGoodCompletesAsynchronously), nil},
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
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
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

// TestNotSentWithoutConnection: once the connection has ended nothing is sent, and polls fail at once.
func TestNotSentWithoutConnection(t *testing.T) {
	s, writes := writing(t, func(r *channeltest.Request) { r.Cut() })
	session := open(t, scripted(s, "", level()))
	if _, err := act(t, session, setting("level", roostv1.Double(1))); err == nil || errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a write whose connection ended: %v", err)
	}
	if _, err := act(t, session, setting("level", roostv1.Double(2))); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("a write without a connection: %v", err)
	}
	if _, err := session.(actors.Poller).Poll(t.Context(), []string{"level"}); err == nil {
		t.Error("polled without a connection")
	}
	if got := writes.Load(); got != 1 {
		t.Errorf("the server saw %d writes", got)
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

// publisher answers what subscriptions need; publish is called with each request for a message.
type publisher struct {
	publish  func(n int, r *channeltest.Request)
	mu       sync.Mutex
	asked    int
	interval float64
	alive    uint32
	deleted  int
}

func (p *publisher) answer(r *channeltest.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch q := r.Request.(type) {
	case *ua.CreateSubscriptionRequest:
		p.interval, p.alive = q.RequestedPublishingInterval, q.RequestedMaxKeepAliveCount
		r.Answer(&ua.CreateSubscriptionResponse{
			SubscriptionID: 3, RevisedPublishingInterval: q.RequestedPublishingInterval, RevisedMaxKeepAliveCount: q.RequestedMaxKeepAliveCount,
		})
	case *ua.CreateMonitoredItemsRequest:
		results := make([]*ua.MonitoredItemCreateResult, len(q.ItemsToCreate))
		for i := range results {
			results[i] = &ua.MonitoredItemCreateResult{MonitoredItemID: uint32(i) + 1, FilterResult: ua.NewExtensionObject(nil)}
		}
		r.Answer(&ua.CreateMonitoredItemsResponse{Results: results})
	case *ua.DeleteSubscriptionsRequest:
		p.deleted++
		r.Answer(&ua.DeleteSubscriptionsResponse{Results: make([]ua.StatusCode, len(q.SubscriptionIDs))})
	case *ua.PublishRequest:
		p.asked++
		p.publish(p.asked, r)
	default:
		return false
	}
	return true
}

// message publishes a value of the first item, or, without one, a sign of life.
func message(r *channeltest.Request, sequence uint32, values ...any) {
	var data []*ua.ExtensionObject
	for _, v := range values {
		data = append(data, &ua.ExtensionObject{
			EncodingMask: ua.ExtensionObjectBinary, TypeID: ua.NewFourByteExpandedNodeID(0, id.DataChangeNotification_Encoding_DefaultBinary),
			Value: &ua.DataChangeNotification{MonitoredItems: []*ua.MonitoredItemNotification{{ClientHandle: 1, Value: channeltest.Values(1, v)[0]}}},
		})
	}
	publish(r, sequence, data...)
}

func publish(r *channeltest.Request, sequence uint32, data ...*ua.ExtensionObject) {
	r.Answer(&ua.PublishResponse{SubscriptionID: 3, NotificationMessage: &ua.NotificationMessage{SequenceNumber: sequence, NotificationData: data}})
}

// TestSilence: a server whose connection is there, and that says nothing, fails the session in time. With a sign of life it does not.
func TestSilence(t *testing.T) {
	p := &publisher{publish: func(n int, r *channeltest.Request) {
		switch {
		case n == 1:
			message(r, 1, 1.5)
		case n < 10:
			message(r, 2) // a sign of life, which says which message is the next
		}
	}}
	s := channeltest.Start(t, p.answer)
	into, ended := push(t, open(t, scripted(s, "read=monitor interval=20ms silence=5", level())))
	into.until(t, "level", atLeast(1))
	began := time.Now()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "neither a value nor a sign of life has come for 100ms") {
			t.Errorf("it ended with %v", err)
		}
		t.Logf("failed after %v", time.Since(began).Round(time.Millisecond))
	case <-time.After(10 * time.Second):
		t.Fatal("a server that says nothing does not fail the session")
	}
	if p.interval != 20 || p.alive != 1 {
		t.Errorf("asked for a sign of life each %d times %v ms", p.alive, p.interval)
	}
}

// TestPushEnds: what the server says of the subscription, and what is missing of it, ends the session with the reason.
func TestPushEnds(t *testing.T) {
	for name, test := range map[string]struct {
		second func(*channeltest.Request)
		says   string
	}{
		"a message is missing":                       {func(r *channeltest.Request) { message(r, 3, 2.5) }, "message 3 came where 2 was to come"},
		"messages are missing before a sign of life": {func(r *channeltest.Request) { message(r, 5) }, "values are missing"},
		"the subscription ended": {func(r *channeltest.Request) {
			publish(r, 2, &ua.ExtensionObject{
				EncodingMask: ua.ExtensionObjectBinary, TypeID: ua.NewFourByteExpandedNodeID(0, id.StatusChangeNotification_Encoding_DefaultBinary),
				Value: &ua.StatusChangeNotification{Status: ua.StatusBadTimeout, DiagnosticInfo: new(ua.DiagnosticInfo)},
			})
		}, "the server ended the subscription"},
		"something else":  {func(r *channeltest.Request) { publish(r, 2, ua.NewExtensionObject(nil)) }, "the server published a"},
		"no subscription": {func(r *channeltest.Request) { r.Fault(new(ua.ServiceFault), ua.StatusBadNoSubscription) }, "the server answered"},
		"the end":         {func(r *channeltest.Request) { r.Cut() }, "ended"},
		"garbage":         {func(r *channeltest.Request) { r.Raw(make([]byte, 64)) }, "this is no OPC UA"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &publisher{publish: func(n int, r *channeltest.Request) {
				if n == 1 {
					message(r, 1, 1.5)
				} else if n == 2 {
					test.second(r)
				}
			}}
			into, ended := push(t, open(t, scripted(channeltest.Start(t, p.answer), "read=monitor interval=1s", level())))
			into.until(t, "level", atLeast(1))
			select {
			case err := <-ended:
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("it ended with %v, want %q", err, test.says)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it goes on")
			}
		})
	}
}

// TestUnchanged: a value that would count as old is sent again when the server says that it has not changed, and never without that.
func TestUnchanged(t *testing.T) {
	r := level()
	r.MaxStaleness = durationpb.New(150 * time.Millisecond)
	alive := make(chan struct{})
	held := make(chan *channeltest.Request, 10)
	p := &publisher{publish: func(n int, r *channeltest.Request) {
		if n == 1 {
			message(r, 1, 1.5)
		} else {
			held <- r
		}
	}}
	into, _ := push(t, open(t, scripted(channeltest.Start(t, p.answer), "read=monitor interval=20ms silence=1000", r)))
	into.until(t, "level", atLeast(1))
	time.AfterFunc(200*time.Millisecond, func() { close(alive) })
	<-alive
	if got, _ := into.of("level"); len(got) != 1 {
		t.Fatalf("sent again without a word of the server: %v", got)
	}
	message(<-held, 2)
	got := into.until(t, "level", atLeast(2))
	if got[1].Value.GetDouble() != 1.5 || !got[1].At.After(got[0].At) {
		t.Errorf("sent again was %v", got[1])
	}
	if p.alive > 3 {
		t.Errorf("asked for a sign of life each %d times %v ms, for a value that is old after 150 ms", p.alive, p.interval)
	}
}

// TestFewRequests: a server that lets only one request for a message wait is served with one.
func TestFewRequests(t *testing.T) {
	p := &publisher{publish: func(n int, r *channeltest.Request) {
		switch {
		case n == 2:
			r.Fault(new(ua.ServiceFault), ua.StatusBadTooManyPublishRequests)
		case n == 1:
			message(r, 1, 1.5)
		case n < 6:
			message(r, uint32(n-1), float64(n))
		}
	}}
	into, _ := push(t, open(t, scripted(channeltest.Start(t, p.answer), "read=monitor interval=1s", level())))
	into.until(t, "level", atLeast(4))
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

// TestOpenFails: what a server does not do when a session opens is an error in time, and nothing is left.
func TestOpenFails(t *testing.T) {
	for name, test := range map[string]struct {
		refuses ua.Request
		answer  func(*channeltest.Request)
	}{
		"no session":                 {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Fault(new(ua.ServiceFault), ua.StatusBadTooManySessions) }},
		"no user":                    {new(ua.ActivateSessionRequest), func(r *channeltest.Request) { r.Fault(new(ua.ServiceFault), ua.StatusBadIdentityTokenRejected) }},
		"another answer":             {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Answer(new(ua.ReadResponse)) }},
		"a session without anything": {new(ua.CreateSessionRequest), func(r *channeltest.Request) { r.Body('F', []byte{1, 0, 0xd0, 1}) }},
		"the end":                    {new(ua.ActivateSessionRequest), func(r *channeltest.Request) { r.Cut() }},
		"nothing":                    {new(ua.CreateSessionRequest), func(*channeltest.Request) {}},
	} {
		t.Run(name, func(t *testing.T) {
			s := channeltest.Start(t, func(r *channeltest.Request) bool {
				if ua.ServiceTypeID(r.Request) != ua.ServiceTypeID(test.refuses) {
					return false
				}
				test.answer(r)
				return true
			})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			began := time.Now()
			session, err := new(opcua.Driver).Open(ctx, scripted(s, "", level()))
			if err == nil {
				_ = session.Close(ctx)
				t.Fatal("it opened")
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
			if errors.Is(err, channel.ErrClosed) {
				t.Errorf("the reason is lost: %v", err)
			}
		})
	}
}

// TestContract: the driver keeps its contract, with a server that needs no program.
func TestContract(t *testing.T) {
	s, _ := writing(t, func(r *channeltest.Request) { r.Answer(&ua.WriteResponse{Results: make([]ua.StatusCode, 1)}) })
	drivertest.Run(t, new(opcua.Driver), scripted(s, "", level()), drivertest.Options{
		Actions: []actors.Action{setting("level", roostv1.Double(7))},
		Refused: []actors.Action{setting("level", roostv1.Text("high"))},
		Bad:     []actors.Device{scripted(s, "rate=1", level())},
	})
}
