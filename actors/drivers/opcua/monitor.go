package opcua

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/opcua/channel"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// monitored is a session to which the server sends values by itself.
type monitored struct {
	*session
	subscription uint32 // the last one; 0: none
}

// Push has the server tell of changes until ctx ends.
func (s *monitored) Push(ctx context.Context, sink actors.Sink) error {
	w := &watch{session: s, sink: sink}
	err := w.subscribe(ctx)
	if err == nil {
		err = w.follow(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("monitor %s: %w", s.name(), err)
}

const (
	// window is how many requests wait at the server for something to tell, so that it always has one.
	window = 2
	// keepAlives is how often the server says that it is there within the time after which it counts as silent.
	keepAlives = 3
	// lifetimes is how many keep-alives the server waits for a client before it drops the subscription; at least 3 by the specification.
	lifetimes = 10
	// maxQueue is how many values of one node may wait at the server.
	maxQueue = 1000
)

// errSilent is why a session ends whose server has said nothing for too long.
var errSilent = errors.New("neither a value nor a sign of life has come")

// watch is one subscription.
type watch struct {
	session *monitored
	sink    actors.Sink
	silence time.Duration
	items   []*item // their handles are one more than their index
	calls   []*channel.Call
	window  int
	acks    []*ua.SubscriptionAcknowledgement
	next    uint32          // sequence number of the next message; 0: any
	refused []actors.Sample // of items that the server gives no values of, to be told with the first message
}

// item is a point that is monitored.
type item struct {
	*point
	handle  uint32        // by which the server names it
	repeat  time.Duration // how often its value is sent again while it does not change; 0: never
	last    actors.Sample
	emitted time.Time // zero: never
}

// subscribe asks the server for a subscription with all that can be read.
func (w *watch) subscribe(ctx context.Context) error {
	if old := w.session.subscription; old != 0 {
		if _, err := w.session.Do(ctx, &ua.DeleteSubscriptionsRequest{SubscriptionIDs: []uint32{old}}); err != nil {
			return fmt.Errorf("end the subscription before: %w", err)
		}
	}
	interval := w.prepare()
	at := &w.session.at
	alive := uint32(min(max(w.aliveEvery()/interval, 1), math.MaxInt32))
	answer, err := w.session.Do(ctx, &ua.CreateSubscriptionRequest{
		RequestedPublishingInterval: milliseconds(interval), RequestedMaxKeepAliveCount: alive, RequestedLifetimeCount: alive * lifetimes,
		PublishingEnabled: true, MaxNotificationsPerPublish: uint32(at.most),
	})
	if err != nil {
		return fmt.Errorf("create a subscription: %w", err)
	}
	created, ok := answer.(*ua.CreateSubscriptionResponse)
	if !ok {
		return fmt.Errorf("create a subscription: the server answered with %T", answer)
	}
	w.session.subscription = created.SubscriptionID
	revised := time.Duration(created.RevisedPublishingInterval * float64(time.Millisecond))
	w.silence = max(time.Duration(at.silence)*max(interval, revised), 2*revised*time.Duration(created.RevisedMaxKeepAliveCount))
	for _, some := range parts(w.items, at.most) {
		if err := w.monitor(ctx, created.SubscriptionID, some); err != nil {
			return w.session.explain(err)
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// prepare lists what is to be monitored, and returns how often the server is to publish.
func (w *watch) prepare() time.Duration {
	stale := w.session.device.Spec.GetSupervision().Resolve().StaleAfter
	for _, r := range w.session.device.Profile.GetResources() {
		if r.Readable() {
			w.items = append(w.items, &item{
				point: w.session.points[r.GetName()], handle: uint32(len(w.items)) + 1, repeat: repeatOf(r, stale),
			})
		}
	}
	w.window = window
	return w.session.at.interval
}

// repeatOf is how often a value has to be sent again that does not change, so that it does not count as old.
func repeatOf(r *roostv1.Resource, stale time.Duration) time.Duration {
	if own := r.GetMaxStaleness().AsDuration(); own > 0 {
		stale = own
	}
	repeat := stale / keepAlives
	if heartbeat := r.GetHeartbeat().AsDuration(); heartbeat > 0 && (repeat == 0 || heartbeat < repeat) {
		repeat = heartbeat
	}
	return repeat
}

// aliveEvery is how often the server has to say that nothing has changed.
func (w *watch) aliveEvery() time.Duration {
	every := time.Duration(w.session.at.silence) * w.session.at.interval / keepAlives
	for _, i := range w.items {
		if i.repeat > 0 {
			every = min(every, i.repeat)
		}
	}
	return every
}

// monitor adds items to the subscription. Those that the server refuses are told of, and are as a sensor that is not there.
func (w *watch) monitor(ctx context.Context, subscription uint32, some []*item) error {
	request := &ua.CreateMonitoredItemsRequest{SubscriptionID: subscription, TimestampsToReturn: ua.TimestampsToReturnSource}
	for _, i := range some {
		request.ItemsToCreate = append(request.ItemsToCreate, w.request(i))
	}
	answer, err := w.session.Do(ctx, request)
	if err != nil {
		return fmt.Errorf("create monitored items: %w", err)
	}
	created, ok := answer.(*ua.CreateMonitoredItemsResponse)
	if !ok || len(created.Results) != len(some) {
		return fmt.Errorf("create %d monitored items: the server's answer is a %T of others", len(some), answer)
	}
	for n, r := range created.Results {
		if qualityOf(r.StatusCode) == roostv1.Quality_QUALITY_BAD {
			some[n].last = some[n].refused(r.StatusCode)
			some[n].emitted = time.Now()
			w.refused = append(w.refused, some[n].last)
		}
	}
	return nil
}

func (w *watch) request(of *item) *ua.MonitoredItemCreateRequest {
	sampling := of.sampling
	if sampling == 0 {
		sampling = w.session.at.interval
	}
	return &ua.MonitoredItemCreateRequest{
		ItemToMonitor:  readID(of.id, ua.AttributeIDValue, of.index),
		MonitoringMode: ua.MonitoringModeReporting,
		RequestedParameters: &ua.MonitoringParameters{
			ClientHandle: of.handle, SamplingInterval: milliseconds(sampling), DiscardOldest: true,
			QueueSize: uint32(min(w.session.at.interval/sampling, maxQueue)) + 2, // all that is sampled between two messages, and late ones
		},
	}
}

// emit hands samples on. What the sink does not take it has counted.
func (w *watch) emit(samples []actors.Sample) {
	if len(samples) > 0 {
		_ = w.sink.Emit(samples...)
	}
}
