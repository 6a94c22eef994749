package mqtt

import (
	"context"
	"fmt"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/mqtt/sparkplug"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The values of the property Quality of a metric.
const (
	qualityBad   = 0
	qualityGood  = 192
	qualityStale = 500
)

// beginEdge subscribes to the edge node, and waits until the device is born. Without a birth nothing can be read or written.
func (s *session) beginEdge(ctx context.Context) error {
	at := s.plan.at.edge
	filters := s.link.attach(s, &s.driver.rebirths)
	if err := s.link.subscribe(ctx, filters); err != nil {
		return err
	}
	s.edge.listen()
	if err := s.presence.wait(ctx, s.link.lost); err != nil {
		return err
	}
	if heard, _, _ := s.presence.now(); !heard && !s.link.isLost() {
		return roostv1.Errorf(roostv1.ErrOffline, "no birth of it has come from edge node %s of group %s within %v", at.node, at.group, s.plan.at.presence.wait)
	}
	return nil
}

// storeKnown hands over what was known of the device before the session. It reports whether to go on.
func (s *session) storeKnown(ctx context.Context, sink actors.Sink) bool {
	known := s.known
	s.known = nil
	return known == nil || s.store(ctx, sink, []*message{known})
}

// endEdge leaves the edge node, and returns topics that nobody wants any more.
func (s *session) endEdge() []string {
	if s.edge == nil {
		return nil
	}
	return s.link.detach(s)
}

// hear takes a message of the device, of its edge node, or of another device there.
func (s *session) hear(m *message) {
	h, own := m.told, s.plan.at.edge.device
	s.inbox.lost.Add(int64(h.Lost))
	if h.Device == own {
		s.inbox.lost.Add(int64(h.Unread))
		if len(h.Readings) > 0 || h.Flaw != nil || h.Birth {
			s.inbox.take(m)
		}
	}
	switch {
	case h.Died && h.Device == "":
		s.presence.say(true, "its edge node has died")
	case h.Died && h.Device == own:
		s.presence.say(true, "its edge node says that it has died")
	case h.Birth && h.Device == own:
		s.presence.say(false, "")
	}
}

// metrics returns how many readings a message has for the session.
func (s *session) metrics(h *sparkplug.Heard) (n int) {
	if h.Flaw != nil {
		return len(s.readable)
	}
	for i := range h.Readings {
		n += len(s.exact[h.Readings[i].Name])
	}
	return n
}

// readMetrics appends the samples of a message: of a birth one for each resource at least.
func (s *session) readMetrics(to []actors.Sample, m *message) []actors.Sample {
	h := m.told
	if h.Flaw != nil {
		for _, e := range s.readable {
			to = append(to, e.noMetric(m.at))
		}
		return to
	}
	seen := make(map[string]bool)
	for i := range h.Readings {
		r := &h.Readings[i]
		for _, e := range s.exact[r.Name] {
			seen[r.Name] = true
			to = append(to, e.readMetric(r))
		}
	}
	for _, e := range s.readable {
		if h.Birth && !seen[e.metric.name] {
			to = append(to, e.noMetric(m.at))
		}
	}
	return to
}

// noMetric is the sample of a resource that the device should have said, and did not, or not so that it could be read.
func (e *entry) noMetric(at time.Time) actors.Sample {
	return actors.Sample{
		Resource: e.resource.GetName(), At: at,
		Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR,
	}
}

// readMetric returns the sample of a metric. Its vendor code is the property Quality, or the datatype that it should not have.
func (e *entry) readMetric(r *sparkplug.Reading) actors.Sample {
	s := actors.Sample{Resource: e.resource.GetName(), At: r.At, Source: r.Time, VendorCode: uint32(r.Quality)}
	if r.Null || r.HasQuality && r.Quality == qualityBad {
		s.Quality, s.Reason = roostv1.Quality_QUALITY_BAD, roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT
		return s
	}
	value, err := r.Value(r.Type)
	if err == nil && e.metric.datatype != 0 && e.metric.datatype != r.Type {
		err = fmt.Errorf("it is of %v", r.Type)
	}
	if err == nil {
		s.Value, err = sparkplug.As(value, r.Type, e.resource.GetType())
	}
	switch {
	case err != nil:
		s.Value, s.VendorCode = nil, uint32(r.Type)
		s.Quality, s.Reason = roostv1.Quality_QUALITY_BAD, roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR
	case r.Doubtful:
		s.Quality, s.Reason = roostv1.Quality_QUALITY_UNCERTAIN, roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE
	case r.Historical, r.HasQuality && r.Quality == qualityStale:
		s.Quality, s.Reason = roostv1.Quality_QUALITY_UNCERTAIN, roostv1.QualityReason_QUALITY_REASON_STALE
	case r.HasQuality && r.Quality != qualityGood:
		s.Quality = roostv1.Quality_QUALITY_UNCERTAIN
	}
	return s
}

// performMetric writes a command's argument to its metric, or true.
func (s *session) performMetric(ctx context.Context, c *command, a actors.Action) error {
	value := roostv1.Bool(true)
	for _, argument := range c.spec.GetArguments() {
		value = a.Arguments[argument.GetName()]
	}
	if err := s.tell(ctx, c.metric, value); err != nil {
		return fmt.Errorf("command %s of %s: %w", a.Command, s.device, err)
	}
	return nil
}

// tell publishes a metric to the device. It has its name, and its alias if it was born with one: edge nodes look for either.
func (s *session) tell(ctx context.Context, name string, value *roostv1.Value) error {
	at := s.plan.at.edge
	born, err := s.edge.metric(at.device, name)
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	m, err := sparkplug.Of(name, born.Type, value)
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	m.Alias, m.HasAlias, m.Time = born.Alias, born.HasAlias, time.Now()
	verb := sparkplug.DeviceCommand
	if at.device == "" {
		verb = sparkplug.NodeCommand
	}
	return s.link.publish(ctx, outgoing{topic: verb.Topic(at.group, at.node, at.device), qos: 1, payload: sparkplug.Encode(m.Time, m)})
}
