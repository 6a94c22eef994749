package sparkplug

import (
	"fmt"
	"time"
)

// device is what its birth said, and all since.
type device struct {
	metrics map[string]*known
	aliases map[uint64]string
}

// known is a metric that a birth has named.
type known struct {
	kind Metric // as it was born
	last Reading
	has  bool // a last value is kept
}

// forget lets go of a device.
func (n *Node) forget(name string) {
	if d := n.devices[name]; d != nil {
		n.kept -= 1 + len(d.metrics)
		delete(n.devices, name)
	}
}

// deviceBirth takes what a device, or the edge node, says of itself. The error is why it cannot be.
func (n *Node) deviceBirth(h *Heard, m Message, p Payload) error {
	n.forget(m.Device)
	d := &device{metrics: make(map[string]*known, len(p.Metrics)), aliases: make(map[uint64]string)}
	for i := range p.Metrics {
		one := &p.Metrics[i]
		if one.Name == "" || len(one.Name) > maxText {
			return fmt.Errorf("its metric %d has a name of %d bytes; there have to be 1 to %d", i, len(one.Name), maxText)
		}
		if other, taken := d.aliases[one.Alias]; one.HasAlias && taken && other != one.Name {
			return fmt.Errorf("its metrics %q and %q have the same alias, %d", other, one.Name, one.Alias)
		}
		if one.HasAlias {
			d.aliases[one.Alias] = one.Name
		}
		k := &known{kind: Metric{Name: one.Name, Alias: one.Alias, HasAlias: one.HasAlias, Type: one.Type}}
		d.metrics[one.Name] = k
		h.Readings = append(h.Readings, k.read(*one, p, m.At, false))
	}
	if n.kept += 1 + len(d.metrics); n.kept > MaxMetrics {
		n.kept -= 1 + len(d.metrics)
		return fmt.Errorf("the edge node and its devices have more than %d metrics", MaxMetrics)
	}
	if n.devices == nil {
		n.devices = make(map[string]*device)
	}
	n.devices[m.Device] = d
	h.Birth = true
	return nil
}

// data takes values. Metrics that nobody knows are lost.
func (n *Node) data(h *Heard, m Message, p Payload) {
	d := n.devices[m.Device]
	if d == nil {
		h.Rebirth = fmt.Sprintf("%s came before the birth of %s", m.Verb, m.Device)
		return
	}
	h.Readings = make([]Reading, 0, len(p.Metrics))
	for i := range p.Metrics {
		one := p.Metrics[i]
		if one.Name == "" && one.HasAlias {
			one.Name = d.aliases[one.Alias]
		}
		k := d.metrics[one.Name]
		switch {
		case k != nil:
			h.Readings = append(h.Readings, k.read(one, p, m.At, n.doubt))
		case one.Name != "" && one.Type != 0: // it says all itself
			h.Readings = append(h.Readings, new(known).read(one, p, m.At, n.doubt))
		default:
			h.Unread++
			h.Rebirth = fmt.Sprintf("a %s has a metric that no birth has named: %q, alias %d", m.Verb, one.Name, one.Alias)
		}
	}
}

// read returns what is read of a metric, and keeps it, if it is what the metric is now.
func (k *known) read(m Metric, p Payload, at time.Time, doubt bool) Reading {
	if m.Type == 0 {
		m.Type = k.kind.Type
	}
	if m.Time.IsZero() {
		m.Time = p.Time
	}
	r := Reading{Metric: m, At: at, Doubtful: doubt}
	if !m.Historical {
		k.last, k.has = r, len(m.text) <= maxText
		if !k.has {
			k.last = Reading{}
		}
	}
	return r
}

// Born tells whether a device was born, and has not died since.
func (n *Node) Born(name string) bool { return n.born && n.devices[name] != nil }

// Last returns the last values of a device's metrics, as far as they are kept, in no order.
func (n *Node) Last(name string) []Reading {
	if !n.Born(name) {
		return nil
	}
	var last []Reading
	for _, k := range n.devices[name].metrics {
		if k.has {
			last = append(last, k.last)
		}
	}
	return last
}

// Metric returns the name, the alias and the datatype that a metric was born with.
func (n *Node) Metric(device, name string) (Metric, bool) {
	if !n.Born(device) {
		return Metric{}, false
	}
	k := n.devices[device].metrics[name]
	if k == nil {
		return Metric{}, false
	}
	return k.kind, true
}
