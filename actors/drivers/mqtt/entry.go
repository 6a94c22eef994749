package mqtt

import (
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// entry is what one resource is to a device: where its values come from, and where they go.
type entry struct {
	resource *roostv1.Resource
	codec    *payload.Codec
	filter   string // read here; empty: it is not
	qos      byte
	retained string
	write    outgoing // where a value goes; without it
	metric   metric   // of Sparkplug, which has none of the above
}

// What is done with a message that was kept by the broker, so that nobody knows how old it is.
const (
	retainedUncertain = "uncertain"
	retainedGood      = "good"
	retainedSkip      = "skip"
)

// parseEntries reads the protocol entries of a profile's resources, for a device.
func parseEntries(p *roostv1.Profile, at address) ([]*entry, roostv1.Problems) {
	var problems roostv1.Problems
	entries := make([]*entry, len(p.GetResources()))
	for i := range entries {
		k := keys.OfResource(Name, p, i)
		if at.edge != nil {
			entries[i] = parseMetric(k, p.GetResources()[i])
		} else {
			entries[i] = parseEntry(k, p.GetResources()[i], at)
		}
		problems = append(problems, k.Problems()...)
	}
	return entries, problems
}

func parseEntry(k *keys.Keys, r *roostv1.Resource, at address) *entry {
	e := &entry{resource: r}
	if r.Readable() {
		e.filter = at.places.Parse(k, "topic", k.Needed("topic", "where its values come from"), rules.Filter)
		e.qos = parseQoS(k, "qos", at.qos, 0)
		e.retained = k.Word("retained", retainedUncertain, retainedUncertain, retainedGood, retainedSkip)
	} else {
		for _, key := range []string{"topic", "qos", "retained"} {
			k.Unwanted(key, "is for what is read, and %s can only be written", r.GetName())
		}
	}
	if r.Writable() {
		e.write = parseOutgoing(k, "write_", k.Needed("write_topic", "where its values go"), at)
	} else {
		for _, key := range []string{"write_topic", "write_qos", "write_retain"} {
			k.Unwanted(key, "is for what is written, and %s can only be read", r.GetName())
		}
	}
	e.codec = payload.Parse(k, r)
	k.Unwanted("metric", "is for devices that have payload: sparkplug in their address")
	return e
}

// parseOutgoing reads how something is published to a topic. QoS 0 is none for orders: nobody would say that one has come.
func parseOutgoing(k *keys.Keys, prefix, topic string, at address) outgoing {
	return outgoing{
		topic:  at.places.Parse(k, prefix+"topic", topic, rules.Topic),
		qos:    parseQoS(k, prefix+"qos", 1, 1),
		retain: k.Bool(prefix + "retain"),
	}
}
