package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// serviceName and serviceVersion are what NATS tools list: the version is that of the
	// requests, not of the program.
	serviceName    = "roost"
	serviceVersion = "1.0.0"
	// answerGrace is how long answers may take once callers are not waited for any more.
	answerGrace = 250 * time.Millisecond
	// drainTimeout bounds the wait for the last answers at the end.
	drainTimeout = 500 * time.Millisecond
)

// ingress takes the requests of one gateway, as a NATS micro service. Each is worked on by
// a goroutine of its own, so none waits for another, and their number is bounded. Callers who wait for commands
// to end do so without one.
type ingress struct {
	nc      *nats.Conn
	names   Subjects
	id      string
	version string
	named   bool // the hub knows by name who asks
	picture *Picture
	host    Host
	keeper  *keeper
	fence   *Fence
	recent  *recentEvents
	status  *gatewayStatus
	log     *slog.Logger
	slots   chan struct{} // one token for each request that is worked on
	taken   int           // slots that are kept, at the end
	service micro.Service
	ending  context.Context
	end     context.CancelFunc

	astray    atomic.Uint64 // requests that wanted their answers elsewhere than in an inbox
	counts    *requestCounts
	waits     *waits
	submitter *submitter
	finder    *finder
	canceller *canceller
}

func newIngress(g *Gateway) *ingress {
	ending, end := context.WithCancel(context.Background())
	return &ingress{
		nc: g.config.Talk, names: g.names, id: g.config.ID, version: g.config.Version,
		picture: g.picture, host: g.config.Host, keeper: g.keeper, fence: g.fence, recent: g.recent, log: g.log,
		status: g.status,
		slots:  make(chan struct{}, g.config.MaxRequests),
		ending: ending, end: end, named: g.config.Talk != g.config.Conn,
		counts: &g.requests, waits: g.waits, submitter: g.submitter, finder: g.finder, canceller: &canceller{g.finder, g.picture, g.rights},
	}
}

// listenTimeout bounds the wait for the hub's word that it listens for this gateway.
const listenTimeout = 2 * time.Second

// listen begins to take requests. When it returns, the hub has heard of it, if it is there: whoever
// is told of this gateway finds it.
func (in *ingress) listen(ctx context.Context) error {
	service, err := micro.AddService(in.nc, micro.Config{
		Name: serviceName, Version: serviceVersion,
		Description: "Commands and status of the devices of a fleet",
		Metadata:    map[string]string{"fleet": in.names.Fleet(), "gateway": in.id, "program": in.version},
	})
	if err != nil {
		return fmt.Errorf("take requests: %w", err)
	}
	in.service = service
	if err := in.addEndpoints(service); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, listenTimeout)
	defer cancel()
	if err := in.nc.FlushWithContext(ctx); err != nil { // it hears of it when it is back
		in.log.Debug("the hub has not confirmed that requests are taken", "error", err)
	}
	return nil
}

// stop takes no more requests, and returns when those that it took are answered.
func (in *ingress) stop() {
	if in.service != nil {
		_ = in.service.Stop() // its subscriptions end with the connection at the latest
	}
	in.waits.drain(drainTimeout) // then callers are told the present record
	if !in.drain(drainTimeout) {
		in.end()
		if !in.drain(answerGrace) {
			in.log.Warn("requests were given up that did not end")
		}
	}
	in.end()
}

// addEndpoints listens at all subjects.
func (in *ingress) addEndpoints(service micro.Service) error {
	alone := micro.WithEndpointQueueGroupDisabled()
	// Where the hub knows names, nobody may ask without one; where it does not, any name would be made up.
	api := func(bare string) string {
		if in.named {
			return asIdentity(bare, "*", "*")
		}
		return bare
	}
	for _, e := range []struct {
		name    string
		subject string
		handle  func(context.Context, *exchange)
		options []micro.EndpointOpt
	}{
		{"send", api(in.names.Send()), in.send, nil}, // any one gateway of the fleet takes it
		{"command", api(in.names.FindCommand()), in.command, nil},
		{"cancel", api(in.names.CancelCommand()), in.cancel, nil},
		{"gateway-status", in.names.GatewayStatus(in.id), in.tellStatus, []micro.EndpointOpt{alone}},
		{"gateway-release", in.names.GatewayRelease(in.id), in.release, []micro.EndpointOpt{alone}},
		{"gateway-drain", in.names.GatewayDrain(in.id), in.drainGateway, []micro.EndpointOpt{alone}},
		{"gateway-history", in.names.GatewayHistory(in.id), in.tellHistory, []micro.EndpointOpt{alone}},
	} {
		handler := micro.HandlerFunc(func(r micro.Request) { in.accept(in.ending, r, e.handle) })
		options := append(e.options, micro.WithEndpointSubject(e.subject),
			micro.WithEndpointMetadata(map[string]string{"format": "protobuf or JSON, package roost.v1"}))
		if err := service.AddEndpoint(e.name, handler, options...); err != nil {
			return fmt.Errorf("take requests at %s: %w", e.subject, err)
		}
	}
	return nil
}

// accept has a request worked on, or refuses it if too many are.
func (in *ingress) accept(ctx context.Context, r micro.Request, handle func(context.Context, *exchange)) {
	x := newExchange(in.nc, r, in.log)
	x.by = in.names.identityOf(x.subject)
	if !inInbox(x.reply, x.by) {
		in.log.Debug("request dropped: its answer is wanted where no inbox is",
			"subject", x.subject, "reply", x.reply, "dropped", in.astray.Add(1))
		return
	}
	select {
	case in.slots <- struct{}{}:
		in.counts.taken.Add(1)
	default:
		in.counts.refused.Add(1)
		x.refuse(roostv1.Errorf(roostv1.ErrBusy, "gateway %s works on %d requests already", in.id, cap(in.slots)))
		return
	}
	go func() { // ends with its slot given back, which drain waits for
		defer func() { <-in.slots }()
		defer in.contain(x)
		handle(ctx, x)
	}()
}

// inInbox reports whether an answer may go to a subject: no other than inboxes, and of who is known by name only
// his own. A gateway may publish what those who ask may not, and would do it for them.
func inInbox(reply string, by *roostv1.Identity) bool {
	own := "_INBOX."
	if by != nil {
		own = access.InboxPrefix(by.Name) + "."
	}
	return reply == "" || strings.HasPrefix(reply, own)
}

// contain keeps a defect that shows in one request from ending the gateway.
func (in *ingress) contain(x *exchange) {
	if defect := recover(); defect != nil {
		in.log.Error("request failed by a defect", "subject", x.subject, "panic", defect, "stack", string(debug.Stack()))
		x.refuse(roostv1.Errorf(roostv1.ErrInternal, "a defect of gateway %s: %v", in.id, defect))
	}
}

// drain waits for the requests that are worked on, by taking all of their slots, and reports whether
// they ended in time.
func (in *ingress) drain(patience time.Duration) bool {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for in.taken < cap(in.slots) {
		select {
		case in.slots <- struct{}{}:
			in.taken++
		case <-timeout.C:
			return false
		}
	}
	return true
}

// tellStatus answers what the gateway serves.
func (in *ingress) tellStatus(_ context.Context, x *exchange) {
	var request roostv1.StatusRequest
	if err := x.read(&request); err != nil {
		x.refuse(err)
		return
	}
	response := &roostv1.StatusResponse{Gateway: in.status.now()}
	limit := int(min(request.Limit, maxStatusPage))
	if limit == 0 {
		limit = maxStatusPage
	}
	switch {
	case request.Buses:
		response.Buses, response.More = in.host.Buses(request.After, limit)
	case request.DeviceId != "":
		d, ok := in.host.Status(request.DeviceId)
		if !ok {
			x.refuse(roostv1.Errorf(roostv1.ErrNotFound, "gateway %s does not serve device %.80q", in.id, request.DeviceId))
			return
		}
		response.Devices = []*roostv1.DeviceStatus{d}
	default:
		response.Devices, response.More = in.host.Statuses(request.After, limit)
	}
	x.answer(response, shrinkStatus)
}

// shrinkStatus makes a page that is too large smaller: what is cut off comes with the next.
func shrinkStatus(m proto.Message) bool {
	response := m.(*roostv1.StatusResponse)
	devices, buses := len(response.Devices), len(response.Buses)
	if max(devices, buses) < 2 {
		return false
	}
	response.Devices, response.Buses, response.More = response.Devices[:devices/2], response.Buses[:buses/2], true
	return true
}

// release ends the quarantine of a device.
func (in *ingress) release(ctx context.Context, x *exchange) {
	var request roostv1.ReleaseRequest
	err := x.read(&request)
	if err == nil {
		err = roostv1.CheckID("device id", request.DeviceId)
	}
	if err == nil {
		err = in.host.Release(ctx, request.DeviceId)
	}
	if err != nil {
		x.refuse(err)
		return
	}
	x.answer(&roostv1.ReleaseResponse{Status: roostv1.StatusOf(nil)}, nil)
}
