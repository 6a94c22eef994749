package mqttd

import (
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	"github.com/roost-iot/roost/actors/drivers/topics"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// entry is what one resource is to a device: where its values come from, and where they go.
type entry struct {
	resource *roostv1.Resource
	codec    *payload.Codec
	filter   string // read here; empty: it is not
	write    string // where a value goes; empty: nowhere
}

// model is what a device's address and its profile say of messages.
type model struct {
	at       address
	entries  []*entry
	commands map[string]*command
}

// parse reads all that a device and its profile say. It is usable only if there are no problems.
func parse(spec *roostv1.DeviceSpec, p *roostv1.Profile, secrets *keys.Places) (*model, roostv1.Problems) {
	k := keys.OfAddress(Name, spec).From(secrets)
	m := &model{at: parseAddress(k, spec), commands: make(map[string]*command)}
	flaws := m.parseCommands(k, p)
	problems := k.Problems()
	for i, r := range p.GetResources() {
		of := keys.OfResource(Name, p, i)
		m.entries = append(m.entries, parseEntry(of, r, m.at.places))
		problems = append(problems, of.Problems()...)
	}
	return m, append(problems, flaws...)
}

func parseEntry(k *keys.Keys, r *roostv1.Resource, p topics.Places) *entry {
	e := &entry{resource: r}
	// With these the mqtt driver asks a broker for what is done here in any case: a profile may be for both.
	k.Know("qos", "retained", "write_qos", "write_retain")
	if r.Readable() {
		e.filter = p.Parse(k, "topic", k.Needed("topic", "where its values come from"), rules.Filter)
	} else {
		k.Unwanted("topic", "is for what is read, and %s can only be written", r.GetName())
	}
	if r.Writable() {
		e.write = p.Parse(k, "write_topic", k.Needed("write_topic", "where its values go"), rules.Topic)
	} else {
		k.Unwanted("write_topic", "is for what is written, and %s can only be read", r.GetName())
	}
	e.codec = payload.Parse(k, r)
	return e
}

// mayPublish tells whether a message of the device with this topic is taken.
func (m *model) mayPublish(topic string) bool {
	if own(m.at.places, topic) {
		return true
	}
	for _, e := range m.entries {
		if e.filter != "" && topics.Match(e.filter, topic) {
			return true
		}
	}
	for _, c := range m.commands {
		if c.response == topic {
			return true
		}
	}
	return false
}

// maySubscribe tells whether the device may ask for messages with a filter.
func (m *model) maySubscribe(filter string) bool {
	if own(m.at.places, filter) {
		return true
	}
	for _, e := range m.entries {
		if e.write == filter {
			return true
		}
	}
	for _, c := range m.commands {
		if c.topic == filter {
			return true
		}
	}
	return false
}

// writable returns the entry of a resource that can be written; nil if there is none.
func (m *model) writable(name string) *entry {
	for _, e := range m.entries {
		if e.resource.GetName() == name && e.write != "" {
			return e
		}
	}
	return nil
}
