package mqtt

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// birthWait is how long opening waits for a device's birth, unless the address says it.
const birthWait = 5 * time.Second

// edge is an edge node of Sparkplug B at a broker, and the devices behind it: their messages are one sequence, so they have one owner, which
// all sessions with any of them share. It lives as long as there is one.
//
// What comes is taken by the goroutine that gives out the broker's messages, in their order; a goroutine of its own asks for births.
type edge struct {
	link     *link
	at       edgeKey
	rebirths *rebirths

	wake  chan struct{}      // has something when there may be something to ask for
	stop  context.CancelFunc // ends run
	ended chan struct{}      // closed when it has

	mu      sync.Mutex
	node    sparkplug.Node
	members []*session // replaced, never changed
	listens bool       // the broker has agreed to the subscriptions: an answer would be heard
	wanted  wish       // births are to be asked for
	due     time.Time  // when devices are away that were not born after their edge node; zero: there are none
}

// edges are those of a link.
type edges struct {
	mu sync.Mutex
	by map[edgeKey]*edge
}

// filters are the topics that an edge node and its devices publish to.
func (k edgeKey) filters() []string {
	var filters []string
	for _, verb := range []sparkplug.Verb{sparkplug.NodeBirth, sparkplug.NodeData, sparkplug.NodeDeath} {
		filters = append(filters, verb.Topic(k.group, k.node, ""))
	}
	for _, verb := range []sparkplug.Verb{sparkplug.DeviceBirth, sparkplug.DeviceData, sparkplug.DeviceDeath} {
		filters = append(filters, verb.Topic(k.group, k.node, "+"))
	}
	return filters
}

// attach lets a session have what comes of an edge node, and returns what has to be subscribed to for that.
func (l *link) attach(s *session, pace *rebirths) map[string]byte {
	at := s.plan.at.edge.edgeKey
	l.edges.mu.Lock()
	defer l.edges.mu.Unlock()
	e := l.edges.by[at]
	if e == nil {
		ctx, stop := context.WithCancel(context.Background())
		e = &edge{link: l, at: at, rebirths: pace, wake: make(chan struct{}, 1), stop: stop, ended: make(chan struct{})}
		if l.edges.by == nil {
			l.edges.by = make(map[edgeKey]*edge)
		}
		l.edges.by[at] = e
		go e.run(ctx)
	}
	filters := make(map[string]byte)
	for _, filter := range at.filters() {
		filters[filter] = l.routes.add(filter, 1, e)
	}
	s.edge, s.known = e, e.join(s)
	return filters
}

// detach ends what attach has begun, and returns the topics that nobody wants any more.
func (l *link) detach(s *session) (unwanted []string) {
	e := s.edge
	l.edges.mu.Lock()
	last := e.leave(s)
	if last {
		delete(l.edges.by, e.at)
		unwanted = l.routes.remove(e.at.filters(), e)
	}
	l.edges.mu.Unlock()
	if last {
		e.stop()
		<-e.ended
	}
	return unwanted
}

// join gives a session all that comes, and returns what is known of its device already; nil if it has not been born.
func (e *edge) join(s *session) *message {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.members = append(slices.Clip(e.members), s)
	name := s.plan.at.edge.device
	if !e.node.Born(name) {
		if !e.node.Born("") { // else the device's comes when it comes
			e.wanted = wishFirst
		}
		return nil
	}
	now := time.Now()
	known := e.node.Last(name)
	for _, entry := range s.readable {
		if _, is := e.node.Metric(name, entry.metric.name); !is {
			known = append(known, sparkplug.Reading{Metric: sparkplug.Metric{Name: entry.metric.name}, At: now})
		}
	}
	s.presence.say(false, "")
	return &message{at: now, told: &sparkplug.Heard{Device: name, Readings: known}}
}

func (e *edge) leave(s *session) (last bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.members = slices.DeleteFunc(slices.Clone(e.members), func(other *session) bool { return other == s })
	return len(e.members) == 0
}

// listen takes note that answers are heard.
func (e *edge) listen() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.listens = true
	signal(e.wake)
}

// take hears a message. A retained one is of an earlier time, and has no place in the sequence.
func (e *edge) take(m *message) {
	_, verb, _, device, ok := sparkplug.ParseTopic(m.topic)
	if !ok || m.retained {
		return
	}
	e.mu.Lock()
	heard := e.node.Hear(sparkplug.Message{Verb: verb, Device: device, Payload: m.payload, TooLong: m.tooLong, At: m.at})
	members := e.members
	e.noteLocked(&heard)
	e.mu.Unlock()
	m.hold()
	told := &message{topic: m.topic, qos: m.qos, at: m.at, acks: m.acks, told: &heard, of: m}
	told.hold()
	for _, s := range members {
		s.hear(told) // it may wait, so nothing is locked
	}
	told.release()
}

// noteLocked takes note of what there is to ask for.
func (e *edge) noteLocked(h *sparkplug.Heard) {
	if h.NodeBorn {
		e.wanted = wishNothing
		e.due = time.Now().Add(e.patienceLocked())
		signal(e.wake)
	}
	if h.Rebirth != "" {
		e.wanted = max(e.wanted, wishRepair)
		signal(e.wake)
	}
}

// patienceLocked is how long devices have for their births, after that of their edge node.
func (e *edge) patienceLocked() (wait time.Duration) {
	for _, s := range e.members {
		wait = max(wait, s.plan.at.presence.wait)
	}
	return wait
}

// metric returns what a device was born with.
func (e *edge) metric(device, name string) (sparkplug.Metric, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch m, is := e.node.Metric(device, name); {
	case is:
		return m, nil
	case !e.node.Born(device):
		return m, roostv1.Errorf(roostv1.ErrOffline, "the device has not been born")
	default:
		return m, roostv1.Errorf(roostv1.ErrInvalid, "the device was born without a metric %q", name)
	}
}
