package placement

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Demand is what a bus asks of a gateway: what all of its devices ask, together. The zero
// Demand asks for nothing. A Demand does not change and may be shared.
type Demand struct {
	impossible bool
	named      bool     // only the gateways in the list will do
	gateways   []string // in order, each once
	labels     map[string]string
}

// DemandOf returns what these placements ask together, one for each device on the bus. A nil placement asks
// for nothing. Without any there is nothing to serve, and no gateway will do.
func DemandOf(devices ...*roostv1.Placement) Demand {
	d := Demand{impossible: len(devices) == 0}
	for _, p := range devices {
		if names := p.GetGateways(); len(names) > 0 {
			d.name(names)
		}
		for key, value := range p.GetSelector() {
			d.label(key, value)
		}
	}
	return d
}

// name leaves of the gateways those that are among the names.
func (d *Demand) name(names []string) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if d.named {
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(d.gateways, name) })
	}
	d.named, d.gateways = true, names
	d.impossible = d.impossible || len(names) == 0
}

func (d *Demand) label(key, value string) {
	if had, ok := d.labels[key]; ok && had != value {
		d.impossible = true
		return
	}
	if d.labels == nil {
		d.labels = map[string]string{}
	}
	d.labels[key] = value
}

// Met reports whether a gateway with that id and these labels will do.
func (d Demand) Met(gateway string, labels map[string]string) bool {
	if d.impossible || d.named && !slices.Contains(d.gateways, gateway) {
		return false
	}
	return roostv1.MatchLabels(d.labels, labels)
}

// Attached returns the only gateway that can reach the bus; false if it is shared: if there are
// others, or may be. What is attached to a gateway needs no lease.
func (d Demand) Attached() (gateway string, attached bool) {
	if d.impossible || len(d.gateways) != 1 {
		return "", false
	}
	return d.gateways[0], true
}

// Key is the same for two demands if and only if they ask the same. Most buses of a fleet ask the
// same, so whoever keeps the demands of many keeps each once.
func (d Demand) Key() string {
	if d.impossible {
		return "nobody"
	}
	var b strings.Builder
	if d.named {
		fmt.Fprintf(&b, "%q", d.gateways)
	}
	for _, key := range slices.Sorted(maps.Keys(d.labels)) {
		fmt.Fprintf(&b, " %q=%q", key, d.labels[key])
	}
	return b.String()
}
