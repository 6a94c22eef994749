package mqtt

import (
	"sync"
	"sync/atomic"
	"time"
)

// How many messages of a device can wait to be stored, and bytes of their payloads.
const (
	inboxSize  = 2048
	inboxBytes = 4 << 20
)

// inbox holds the messages of a session's resources until they are stored. One goroutine puts messages in, one takes them out.
type inbox struct {
	crowd    *crowd
	due      bool               // the crowd has it among those to wake
	readings func(*message) int // how many a message has
	lost     atomic.Int64       // readings of messages that were not taken
	news     chan struct{}      // has something when there may be messages
	room     chan struct{}      // has something when there may be room
	gone     chan struct{}      // closed by close

	mu     sync.Mutex
	queue  []*message
	bytes  int
	stuck  bool            // nothing has been taken out since a message waited in vain
	idle   bool            // all that came is stored
	closed bool            // nothing is taken in any more
	kept   map[string]bool // topics of which a retained message has come
}

func newInbox(among *crowd, readings func(*message) int) *inbox {
	among.idle.Add(1)
	return &inbox{
		crowd: among, readings: readings, idle: true,
		news: make(chan struct{}, 1), room: make(chan struct{}, 1), gone: make(chan struct{}),
	}
}

// take keeps a message. If there is no room, one of QoS 0 is dropped, and another waits.
func (b *inbox) take(m *message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || m.retained && b.againLocked(m.topic) {
		return
	}
	if b.fullLocked(m) && (m.qos == 0 || b.stuck || !b.waitLocked(m)) {
		if !b.closed {
			b.lost.Add(int64(b.readings(m)))
		}
		return
	}
	m.hold()
	b.queue = append(b.queue, m)
	b.bytes += m.size()
	b.idleLocked(false)
	b.crowd.add(b)
}

// idleLocked lets the crowd know whether the device has something to store.
func (b *inbox) idleLocked(idle bool) {
	switch {
	case idle == b.idle:
	case idle:
		b.crowd.idle.Add(1)
	default:
		b.crowd.idle.Add(-1)
	}
	b.idle = idle
}

func (b *inbox) fullLocked(m *message) bool {
	return len(b.queue) >= inboxSize || len(b.queue) > 0 && b.bytes+m.size() > inboxBytes
}

// waitLocked waits for room, without the lock, and all that comes over the connection with it. It reports whether there is.
func (b *inbox) waitLocked(m *message) bool {
	b.crowd.wake()
	began := time.Now()
	for from := began; b.fullLocked(m) && !b.closed; {
		left := min(b.crowd.mayHold(from), holdAtOnce-from.Sub(began))
		if left < shortestHold {
			b.stuck = from.Sub(began) > holdAtOnce/2 // else it is the others that have held it up
			return false
		}
		b.mu.Unlock()
		b.await(min(left, holdLook))
		b.mu.Lock()
		until := time.Now()
		b.crowd.held(until.Sub(from))
		from = until
	}
	return !b.closed
}

// await waits until there may be room.
func (b *inbox) await(most time.Duration) {
	timeout := time.NewTimer(most)
	defer timeout.Stop()
	select {
	case <-b.room:
	case <-b.gone:
	case <-timeout.C:
	}
}

// againLocked tells whether a retained message of this topic has come before. The broker sends them anew to all when another device
// subscribes to the same topic.
func (b *inbox) againLocked(topic string) bool {
	if b.kept == nil {
		b.kept = make(map[string]bool)
	}
	again := b.kept[topic]
	b.kept[topic] = true
	return again
}

// close makes the inbox take nothing more.
func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.idleLocked(false) // it is not one of the crowd any more
		b.closed = true
		close(b.gone)
	}
}

// next appends messages that wait, as many as a batch has, all of QoS 0 or none.
func (b *inbox) next(to []*message) []*message {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(b.queue) && n < batchSize && (b.queue[n].qos == 0) == (b.queue[0].qos == 0) {
		b.bytes -= b.queue[n].size()
		n++
	}
	if n == 0 {
		b.idleLocked(!b.closed)
		return to
	}
	to = append(to, b.queue[:n]...)
	clear(b.queue[:n])
	b.queue = b.queue[n:]
	b.stuck = false
	signal(b.room)
	return to
}

// signal says that there is something, if nobody has yet.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
