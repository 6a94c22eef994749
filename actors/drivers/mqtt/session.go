package mqtt

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/topics"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// session is one session with a device.
type session struct {
	driver   *Driver
	link     *link
	device   string
	plan     plan
	readable []*entry
	exact    map[string][]*entry // by topic; of Sparkplug by metric
	wild     []*entry
	inbox    *inbox
	presence *presence // nil: the device has none
	edge     *edge     // of Sparkplug, while the session is attached to it; nil: it is a device of another kind
	known    *message  // what Push begins with: the last values of a device there that was born before; nil: there are none
	closed   atomic.Bool
	batch    []*message // what Push has in hand
}

func newSession(d *Driver, l *link, device string, p plan) *session {
	s := &session{driver: d, link: l, device: device, plan: p, exact: make(map[string][]*entry)}
	for _, e := range p.entries {
		switch {
		case e.metric.name != "" && e.resource.Readable():
			s.exact[e.metric.name] = append(s.exact[e.metric.name], e)
		case e.filter == "":
			continue
		case topics.IsWild(e.filter):
			s.wild = append(s.wild, e)
		default:
			s.exact[e.filter] = append(s.exact[e.filter], e)
		}
		s.readable = append(s.readable, e)
	}
	s.inbox = newInbox(&l.crowd, s.readings)
	for _, c := range p.commands {
		if c.answers != nil {
			c.answers.desk = d.desks.Join(desk{p.at.broker, c.answers.topic})
		}
	}
	if p.at.presence.topic != "" || p.at.edge != nil {
		s.presence = newPresence(p.at.presence)
	}
	return s
}

// of returns what can be read in a message of a topic.
func (s *session) of(topic string) []*entry {
	found := s.exact[topic]
	for _, e := range s.wild {
		if matches(e.filter, topic) {
			found = append(slices.Clip(found), e)
		}
	}
	return found
}

// readings returns how many a message has for the session.
func (s *session) readings(m *message) int {
	if s.plan.at.edge != nil {
		return s.metrics(m.told)
	}
	return len(s.of(m.topic))
}

// wants calls f for each filter of the session, and who receives what it is for.
func (s *session) wants(f func(filter string, qos byte, to receiver)) {
	if s.plan.at.edge != nil {
		return // the edge node does
	}
	for _, e := range s.readable {
		f(e.filter, e.qos, s.inbox)
	}
	if s.presence != nil {
		f(s.presence.at.topic, 1, s.presence)
	}
	for _, c := range s.plan.commands {
		if c.answers != nil {
			f(c.answers.topic, 1, c.answers)
		}
	}
}

// begin subscribes, and waits for word of the device.
func (s *session) begin(ctx context.Context) error {
	if s.plan.at.edge != nil {
		return s.beginEdge(ctx)
	}
	filters := make(map[string]byte)
	s.wants(func(filter string, qos byte, to receiver) {
		filters[filter] = s.link.routes.add(filter, qos, to)
	})
	if err := s.link.subscribe(ctx, filters); err != nil {
		return err
	}
	if s.presence == nil {
		return nil
	}
	return s.presence.wait(ctx, s.link.lost)
}

// end unsubscribes, and leaves the link. What has come and is not stored is let go: the broker would otherwise wait for it, and send
// the other devices' messages no more. The next session declares it lost.
func (s *session) end(ctx context.Context) {
	s.inbox.close()
	unwanted := s.endEdge()
	s.wants(func(filter string, _ byte, to receiver) {
		unwanted = append(unwanted, s.link.routes.remove([]string{filter}, to)...)
	})
	if ctx.Err() == nil {
		s.link.unsubscribe(ctx, unwanted)
	}
	for _, c := range s.plan.commands {
		if c.answers != nil {
			s.driver.desks.Leave(c.answers.desk)
		}
	}
	s.letGo()
	s.driver.leave(ctx, s.link)
}

func (s *session) letGo() {
	left := s.inbox.lost.Swap(0)
	for batch := s.inbox.next(nil); len(batch) > 0; batch = s.inbox.next(nil) {
		for _, m := range batch {
			left += int64(s.readings(m))
			m.release()
		}
	}
	s.driver.leftBehind(s.device, left)
}

// Close ends the session, and the connection if no other one needs it.
func (s *session) Close(ctx context.Context) error {
	if !s.closed.Swap(true) {
		s.end(ctx)
	}
	return nil
}

// Actuate publishes a value, or a command. That it succeeds says that the broker has it, or that the device answered, if it does.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	if a.Resource == "" {
		c := s.plan.commands[a.Command]
		if c == nil {
			return nil, fmt.Errorf("command %s of %s: %w: its address does not say how", a.Command, s.device, actors.ErrNotSent)
		}
		if err := s.presence.isAway(); err != nil {
			return nil, fmt.Errorf("command %s of %s: %w: %w", a.Command, s.device, actors.ErrNotSent, err)
		}
		if s.plan.at.edge != nil {
			return nil, s.performMetric(ctx, c, a)
		}
		answer, err := c.perform(ctx, s.link, a.Arguments)
		if err != nil {
			return nil, fmt.Errorf("command %s of %s: %w", a.Command, s.device, err)
		}
		return maps.Clone(answer), nil
	}
	if err := s.write(ctx, a); err != nil {
		return nil, fmt.Errorf("write %s of %s: %w", a.Resource, s.device, err)
	}
	return nil, nil
}

func (s *session) write(ctx context.Context, a actors.Action) error {
	at := slices.IndexFunc(s.plan.entries, func(e *entry) bool { return e.resource.GetName() == a.Resource && e.resource.Writable() })
	if at < 0 {
		return fmt.Errorf("%w: there is no such resource to write", actors.ErrNotSent)
	}
	if err := s.presence.isAway(); err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	e := s.plan.entries[at]
	if s.plan.at.edge != nil {
		return s.tell(ctx, e.metric.name, a.Value)
	}
	order := e.write
	var err error
	if order.payload, err = e.codec.Write(a.Value); err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	return s.link.publish(ctx, order)
}
