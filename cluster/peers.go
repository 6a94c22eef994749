package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// defaultAskWait is how long an answer is waited for where nothing is said.
	defaultAskWait = 5 * time.Second
	// maxAnswerGrace is how much earlier than the asker's deadline the present record of a command
	// is asked for: it has to come here yet.
	maxAnswerGrace = 250 * time.Millisecond
	// maxAskWait is how long a command's final record is waited for at most.
	maxAskWait = 5 * time.Minute
	// maxFramesIn and maxBytesIn bound the frames that came in and wait. What comes beyond is
	// dropped, and its askers find out by their deadlines.
	maxFramesIn = 4096
	maxBytesIn  = 32 << 20
	// manyDestinations is when those are looked for that are nobody's any more.
	manyDestinations = 1024
)

// Deliverer takes messages for the devices of a gateway. All methods may be called concurrently.
type Deliverer interface {
	// Deliver gives a Read or a Command to a device, without waiting, and has answer called once, on
	// any goroutine: with a ReadResult or CommandRecord, or why there is neither. A
	// command that has not ended by then is answered with its present record after wait; 0: as long
	// as is usual. The error is ErrNotOwner if the device is not served here, and certain then
	// to have got nothing. answer may be nil. The message may be kept.
	Deliver(device string, m proto.Message, wait time.Duration, answer func(proto.Message, error))
}

// Peers carries what actors ask devices of other gateways, and the answers, over core NATS. Nothing
// is kept or sent again: what is lost ends as an error at who asked, by a deadline.
//
// All methods may be called concurrently. What they are given to call is called on any
// goroutine, and must not block.
type Peers struct {
	id          string
	incarnation func() string
	names       Subjects
	nc          *nats.Conn
	picture     *Picture
	local       Deliverer
	log         *slog.Logger

	asks    *asks
	watches *deviceWatches
	sending sync.WaitGroup // of destinations
	dropped atomic.Uint64  // frames that could not be used

	mu           sync.Mutex // guards all below
	destinations map[run]*destination
	many         int
	ended        bool // nothing is sent any more
}

// newPeers returns the peers of a gateway, of which local takes the messages; nil: nobody does.
func newPeers(config Config, names Subjects, picture *Picture, incarnation func() string, local Deliverer, log *slog.Logger) *Peers {
	return &Peers{
		id: config.ID, incarnation: incarnation, names: names, nc: config.Talk, picture: picture, local: local, log: log,
		asks: newAsks(roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s does not run yet", config.ID)), watches: newDeviceWatches(picture),
		destinations: make(map[run]*destination), many: manyDestinations,
	}
}

// Ask sends a Read, or a Command that has an id, to a device, and has answer called once: with its
// ReadResult or CommandRecord, or an error, at the end of ctx's deadline at the latest, or
// after 5 s where there is none. That ctx is cancelled changes nothing. A command that has not
// ended by then is answered with its present record. answer is nil where none is wanted. The
// message must not be changed afterwards. The errors, besides those of the device:
//
//	ErrNotFound        there is no such device
//	ErrUnavailable     nobody serves the device at present, or a Read was not answered
//	ErrExpired         ctx's deadline was over before
//	ErrBusy            too many messages wait
//	ErrOutcomeUnknown  the command may have reached the device, and nobody can say
//
// It is for devices that this gateway does not serve.
func (p *Peers) Ask(ctx context.Context, device string, m proto.Message, answer func(proto.Message, error)) {
	owner, err := p.picture.Route(device)
	if err == nil && owner.Gateway == p.id {
		err = roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s does not serve device %s yet", p.id, device)
	}
	if err == nil && fieldOf(m) != envelopeRead && fieldOf(m) != envelopeCommand {
		err = roostv1.Errorf(roostv1.ErrInvalid, "device %s takes a Read or a Command, not a %T", device, m)
	}
	left := defaultAskWait
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(left)
	} else if left = time.Until(deadline); err == nil && left <= 0 {
		err = roostv1.Errorf(roostv1.ErrExpired, "device %s: the time to ask it is over", device)
	}
	a := &ask{device: device, message: m, answer: answer, deadline: deadline, to: owner}
	if answer == nil {
		a.answer = func(proto.Message, error) {}
	}
	if err != nil {
		a.answer(nil, err)
		return
	}
	a.from = p.incarnation()
	if answer != nil { // else its number is 0
		if err := p.asks.add(a); err != nil {
			a.answer(nil, err)
			return
		}
	}
	p.forward(a, left)
}

// forward sends an ask to whom it is for. It has so much time left.
func (p *Peers) forward(a *ask, left time.Duration) {
	left -= min(maxAnswerGrace, left/4)
	e := &envelope{ask: a.number, device: a.device, waitMS: uint32(min(max(left.Milliseconds(), 1), maxAskWait.Milliseconds())), message: a.message}
	err := p.destination(run{a.to.Gateway, a.to.Incarnation}).put(e)
	if err != nil && (a.number == 0 || len(p.asks.remove([]uint64{a.number})) > 0) {
		a.answer(nil, err)
	}
}

// Watch has ended called once, when the device is retired or is not in the registry; known is whether
// it was there since. It may be called before Watch returns. cancel ends the watch.
func (p *Peers) Watch(device string, ended func(known bool)) (cancel func()) {
	return p.watches.add(device, ended)
}

// begin runs what sends to a destination, unless nothing is sent any more.
func (p *Peers) begin(send func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return false
	}
	p.sending.Go(send)
	return true
}

// destination returns the destination for a run of a gateway.
func (p *Peers) destination(to run) *destination {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.destinations[to]
	if d == nil {
		if len(p.destinations) >= p.many {
			p.sweepLocked()
		}
		d = &destination{peers: p, to: to}
		p.destinations[to] = d
	}
	return d
}

// sweepLocked forgets the destinations whose run is over, or that somebody made up. What waits
// in them is still sent.
func (p *Peers) sweepLocked() {
	for to := range p.destinations {
		if !p.picture.runs(to.gateway, to.incarnation) {
			delete(p.destinations, to)
		}
	}
	p.many = max(manyDestinations, 2*len(p.destinations))
}

// maxFrame is how large a frame may be at present.
func (p *Peers) maxFrame() int {
	if most := p.nc.MaxPayload(); 0 < most && most < maxFrame {
		return int(most)
	}
	return maxFrame
}

// notSent ends the asks of a frame that could not be published.
func (p *Peers) notSent(d *destination, f *frame, err error) {
	p.log.Debug("frame not sent", "to", d.to.gateway, "error", err)
	why := fmt.Sprintf("gateway %s cannot be reached: %v", d.to.gateway, err)
	for _, a := range p.asks.remove(f.asks) {
		if certainlyUnsent(err) {
			a.answer(nil, roostv1.Errorf(roostv1.ErrUnavailable, "device %s: %s", a.device, why))
		} else {
			a.answer(nil, a.lost(why))
		}
	}
}
