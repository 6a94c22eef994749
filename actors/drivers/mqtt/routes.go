package mqtt

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roost-iot/roost/actors/drivers/answer"
	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	"github.com/roost-iot/roost/actors/drivers/topics"
)

// message is one that has arrived. The broker is told so when all who have a hold on it let go.
type message struct {
	topic    string
	payload  []byte // not to be changed
	tooLong  bool   // there was more payload than is taken
	retained bool   // it was sent at some time before we asked for it
	qos      byte
	at       time.Time

	holds atomic.Int32
	id    uint16 // by which it is acknowledged
	acks  *acks
	desks []*answer.Desk // that have heard it

	told *sparkplug.Heard // what an edge node has said, in the place of a payload
	of   *message         // which said it; it is let go of with this one
}

// readingBytes is about how much memory a reading of Sparkplug takes.
const readingBytes = 200

// size is about how much memory it takes while it waits.
func (m *message) size() int {
	if m.told == nil {
		return len(m.payload)
	}
	return len(m.payload) + len(m.told.Readings)*readingBytes
}

func (m *message) hold() { m.holds.Add(1) }

func (m *message) release() {
	if m.drop() {
		m.acks.send()
	}
}

// drop is release for those who call send themselves, which it tells whether to.
func (m *message) drop() bool {
	switch {
	case m.holds.Add(-1) > 0:
		return false
	case m.of != nil:
		return m.of.drop()
	case m.qos > 0:
		m.acks.add(m.qos, m.id)
	}
	return m.qos > 0
}

// receiver takes messages. It holds those that it wants to keep. Only an inbox that is full waits.
type receiver interface{ take(m *message) }

// arrived gives a message to all who want it. It is called in the order in which messages come, and what it waits for all devices
// wait for.
func (l *link) arrived(m *message) {
	m.at, m.acks = time.Now(), &l.acks
	l.alive.busy.Store(true)
	m.hold()
	for _, r := range l.routes.of(m.topic) {
		r.take(m)
	}
	m.release()
	l.alive.hear()
	l.alive.busy.Store(false)
}

// hear and lull are what else the guard tells.
func (l *link) hear() { l.alive.hear() }

func (l *link) lull() { l.crowd.wake() }

// routes say who wants which messages. What it costs to find that out does not grow with the number of filters.
type routes struct {
	mu    sync.RWMutex
	exact map[string]*route
	wild  map[string]*route
	tree  level // of the wild ones
}

// route is what a filter leads to.
type route struct {
	qos byte // at which it is subscribed to
	to  []receiver
}

// of returns who wants messages of a topic, each once.
func (r *routes) of(topic string) []receiver {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var to []receiver
	if exact := r.exact[topic]; exact != nil {
		to = exact.to // it is replaced, never changed
	}
	if len(r.wild) > 0 {
		r.tree.match(topic, func(wild *route) { to = join(to, wild.to) })
	}
	return to
}

// join returns those of two lists, each once.
func join(to, more []receiver) []receiver {
	if len(to) == 0 {
		return more
	}
	for _, one := range more {
		if !slices.Contains(to, one) {
			to = append(slices.Clip(to), one)
		}
	}
	return to
}

// add lets a receiver have the messages of a filter, and returns the QoS to subscribe at: the best that anybody wants.
func (r *routes) add(filter string, qos byte, to receiver) byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.table(filter)[filter]
	if one == nil {
		one = new(route)
		r.put(filter, one)
	}
	if !slices.Contains(one.to, to) {
		one.to = append(slices.Clip(one.to), to)
	}
	one.qos = max(one.qos, qos)
	return one.qos
}

// remove ends what a receiver has by some filters, and returns those that nobody wants any more.
func (r *routes) remove(filters []string, to receiver) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var unwanted []string
	for _, filter := range filters {
		one := r.table(filter)[filter]
		if one == nil {
			continue
		}
		one.to = slices.DeleteFunc(slices.Clone(one.to), func(other receiver) bool { return other == to })
		if len(one.to) == 0 {
			r.put(filter, nil)
			unwanted = append(unwanted, filter)
		}
	}
	return unwanted
}

// unwanted returns those of some filters that nobody wants now.
func (r *routes) unwanted(filters []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(filters), func(filter string) bool { return r.table(filter)[filter] != nil })
}

// put sets what a filter leads to; nil: to nobody.
func (r *routes) put(filter string, one *route) {
	table := r.table(filter)
	if topics.IsWild(filter) {
		r.tree.put(filter, one)
	}
	if one == nil {
		delete(table, filter)
		return
	}
	table[filter] = one
}

func (r *routes) table(filter string) map[string]*route {
	if r.exact == nil {
		r.exact, r.wild = make(map[string]*route), make(map[string]*route)
	}
	if topics.IsWild(filter) {
		return r.wild
	}
	return r.exact
}
