package opcua_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/opcua/channel/channeltest"
)

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
	into, ended := push(t, open(t, scripted(s, "read=monitor interval=50ms silence=10", level())))
	into.until(t, "level", atLeast(1))
	began := time.Now()
	select {
	case err := <-ended:
		if err.error == nil || !strings.Contains(err.Error(), "neither a value nor a sign of life has come for 500ms") {
			t.Errorf("it ended with %v", err.error)
		}
		t.Logf("failed after %v", err.at.Sub(began).Round(time.Millisecond))
	case <-time.After(10 * time.Second):
		t.Fatal("a server that says nothing does not fail the session")
	}
	if p.interval != 50 || p.alive != 3 {
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
				if err.error == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("it ended with %v, want %q", err.error, test.says)
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
