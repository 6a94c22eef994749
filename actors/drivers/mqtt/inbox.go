package mqtt

import (
	"sync"
	"sync/atomic"
	"time"
)

// How many messages of a device can wait to be stored, and bytes of their payloads.
const (
	inboxSize  = 1024
	inboxBytes = 4 << 20
)

// roomTimeout is how long a message of QoS 1 or 2 waits for room in an inbox, and with it all that comes over the connection. That is
// how a device that sends faster than it can be stored is held back: not all brokers stop by themselves before they have
// their acknowledgements.
const roomTimeout = 5 * time.Second

// inbox holds the messages of a session's resources until they are stored. One goroutine puts messages in, one takes them out.
type inbox struct {
	readings func(*message) int // how many a message has
	lost     atomic.Int64       // readings of messages that were not taken
	news     chan struct{}      // has something when there may be messages
	room     chan struct{}      // has something when there may be room
	gone     chan struct{}      // closed by close

	mu     sync.Mutex
	queue  []*message
	bytes  int
	stuck  bool            // nothing has been taken out since a message waited in vain
	closed bool            // nothing is taken in any more
	kept   map[string]bool // topics of which a retained message has come
}

func newInbox(readings func(*message) int) *inbox {
	return &inbox{readings: readings, news: make(chan struct{}, 1), room: make(chan struct{}, 1), gone: make(chan struct{})}
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
	signal(b.news)
}

func (b *inbox) fullLocked(m *message) bool {
	return len(b.queue) >= inboxSize || len(b.queue) > 0 && b.bytes+m.size() > inboxBytes
}

// waitLocked waits for room, without the lock. It reports whether there is.
func (b *inbox) waitLocked(m *message) bool {
	timeout := time.NewTimer(roomTimeout)
	defer timeout.Stop()
	for b.fullLocked(m) && !b.closed {
		b.mu.Unlock()
		over := false
		select {
		case <-b.room:
		case <-b.gone:
		case <-timeout.C:
			over = true
		}
		b.mu.Lock()
		if over {
			b.stuck = true
			return false
		}
	}
	return !b.closed
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
