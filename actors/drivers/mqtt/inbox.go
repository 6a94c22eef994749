package mqtt

import (
	"sync"
	"sync/atomic"
)

// inboxSize is how many messages of a device can wait to be stored. Brokers send about 20 of QoS 1 before they want the first
// acknowledged, so it is rather a bound for floods of QoS 0.
const inboxSize = 1024

// inbox holds the messages of a session's resources until they are stored.
type inbox struct {
	queue    chan *message
	readings func(topic string) int // how many a message of a topic has
	lost     atomic.Int64           // readings of messages that were not taken

	mu     sync.Mutex
	closed bool            // nothing is taken any more
	kept   map[string]bool // topics of which a retained message has come
}

func newInbox(readings func(string) int) *inbox {
	return &inbox{queue: make(chan *message, inboxSize), readings: readings}
}

// take keeps a message if there is room. Of QoS 1 and 2 there always is, but with a broker that sends without bounds; one that is not
// taken is not acknowledged either.
func (b *inbox) take(m *message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || m.retained && b.againLocked(m.topic) {
		return
	}
	m.hold()
	select {
	case b.queue <- m:
	default:
		b.lost.Add(int64(b.readings(m.topic)))
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
	b.closed = true
}

// more appends messages that wait, of the same QoS class as the first, as far as they are there. What comes next of the other class
// is returned.
func (b *inbox) more(to []*message) (batch []*message, next *message) {
	for len(to) < batchSize {
		select {
		case m := <-b.queue:
			if (m.qos == 0) != (to[0].qos == 0) {
				return to, m
			}
			to = append(to, m)
		default:
			return to, nil
		}
	}
	return to, nil
}
