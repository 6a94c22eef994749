package cluster

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/nats-io/nats.go"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxFrame is how large a frame becomes, where the hub takes that much.
	maxFrame = 512 << 10
	// maxWaiting bounds what waits for one destination, in bytes, of questions. Answers may take
	// as much again: without them the questions were for nothing.
	maxWaiting = 4 << 20
	// keptFrame is how large a frame's buffer may be that is used again.
	keptFrame = 64 << 10
)

// A run is one run of a gateway.
type run struct{ gateway, incarnation string }

// A destination is one run of a gateway that is sent frames. While there is something to send,
// one goroutine does: it takes all that waits at that moment, and what comes meanwhile goes in
// the next frame. So nobody waits for a batch to fill, and the more there is to send, the less
// each costs.
//
// Concurrency: all methods may be called concurrently.
type destination struct {
	peers *Peers
	to    run

	mu      sync.Mutex // guards all below
	frames  []*frame   // not sent yet; the last is being filled
	waiting int        // bytes in them
	sending bool
	spare   *frame // to be used again
}

// A frame is one message to a gateway while it is filled.
type frame struct {
	data []byte
	most int      // bytes that it may have
	asks []uint64 // questions in it that want an answer
}

// put encodes an envelope into the frame that is filled. The error is ErrBusy, or
// ErrExhausted if it is too large for any frame.
func (d *destination) put(e *envelope) error {
	body, message := e.size()
	question := e.device != ""
	d.mu.Lock()
	defer d.mu.Unlock()
	most := maxWaiting
	if !question {
		most *= 2
	}
	if d.waiting >= most {
		return roostv1.Errorf(roostv1.ErrBusy, "%d bytes wait to be sent to gateway %s, no more are taken", d.waiting, d.to.gateway)
	}
	f, err := d.frameLocked(body + envelopeRoom)
	if err != nil {
		return err
	}
	before := len(f.data)
	if f.data, err = e.append(f.data, body, message); err != nil {
		return err
	}
	if question && e.ask != 0 {
		f.asks = append(f.asks, e.ask)
	}
	d.waiting += len(f.data) - before
	if !d.sending && !d.peers.begin(d.send) {
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s is stopping", d.peers.id)
	}
	d.sending = true
	return nil
}

// envelopeRoom is what an envelope takes in a frame besides its body, at most.
const envelopeRoom = 6

// frameLocked returns the frame that so much more fits in.
func (d *destination) frameLocked(more int) (*frame, error) {
	if n := len(d.frames); n > 0 && len(d.frames[n-1].data)+more <= d.frames[n-1].most {
		return d.frames[n-1], nil
	}
	f := d.spare
	d.spare = nil
	if f == nil {
		f = &frame{}
	}
	f.data = appendHeader(f.data[:0], d.peers.id, d.peers.incarnation(), d.to.incarnation)
	f.most = d.peers.maxFrame()
	if len(f.data)+more > f.most {
		d.spare = f
		return nil, roostv1.Errorf(roostv1.ErrExhausted, "the message has %d bytes, at most %d are sent at once", more, f.most)
	}
	d.waiting += len(f.data)
	d.frames = append(d.frames, f)
	return f, nil
}

// send sends frames until nothing waits. Before it takes one, it lets everybody run who is
// about to put something in, as far as they can run now: no time is waited for, and with many of
// them a frame carries several times as much.
func (d *destination) send() {
	subject := d.peers.names.Live(d.to.gateway, d.peers.id)
	runtime.Gosched()
	for f := d.next(nil); f != nil; f = d.next(f) {
		if err := d.peers.nc.Publish(subject, f.data); err != nil {
			d.peers.notSent(d, f, err)
		}
		runtime.Gosched()
	}
}

// next takes the next frame, and takes back the one that was sent.
func (d *destination) next(sent *frame) *frame {
	d.mu.Lock()
	defer d.mu.Unlock()
	if sent != nil && cap(sent.data) <= keptFrame && d.spare == nil {
		sent.asks = sent.asks[:0]
		d.spare = sent
	}
	if len(d.frames) == 0 {
		d.sending = false
		return nil
	}
	f := d.frames[0]
	d.frames = slices.Delete(d.frames, 0, 1)
	d.waiting -= len(f.data)
	return f
}

// certainlyUnsent reports whether nothing of what was published left the process.
func certainlyUnsent(err error) bool {
	return unsent(err) || errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrConnectionDraining)
}
