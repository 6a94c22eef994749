package shrink

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// shortest is the shortest hold that is worth being halved.
const shortest = 100 * time.Millisecond

func half(d plan.Duration) plan.Duration { return plan.Duration((d.Std() / 2).Round(time.Millisecond)) }

func halfHolds(p plan.Plan) (*plan.Plan, bool) {
	return halved(p, func(plan.Entry) bool { return true })
}

// halfHold halves that of one entry.
func halfHold(id string) func(plan.Plan) (*plan.Plan, bool) {
	return func(p plan.Plan) (*plan.Plan, bool) {
		return halved(p, func(e plan.Entry) bool { return e.ID == id })
	}
}

func halved(p plan.Plan, which func(plan.Entry) bool) (*plan.Plan, bool) {
	p.Entries = slices.Clone(p.Entries)
	changed := false
	for i, e := range p.Entries {
		if which(e) && e.Hold.Std() >= shortest {
			p.Entries[i].Hold = half(e.Hold)
			changed = true
		}
	}
	return &p, changed
}

// halfDevices takes away the second half of the devices. Entries that name one of them name one of the first half.
func halfDevices(p plan.Plan) (*plan.Plan, bool) {
	if p.Settings.Devices < 2 {
		return nil, false
	}
	s := p.Settings
	p.Settings.Devices /= 2
	names := map[string]string{}
	for i := p.Settings.Devices; i < s.Devices; i++ {
		names[s.Device(i+1)] = s.Device(i%p.Settings.Devices + 1)
	}
	p.Entries = slices.Clone(p.Entries)
	for i := range p.Entries {
		p.Entries[i].Target = renamed(p.Entries[i].Target, names)
	}
	return &p, true
}

// renamed gives devices in a target other names.
func renamed(target string, names map[string]string) string {
	parts := strings.Split(target, ",")
	for i, part := range parts {
		device, isOwner := strings.CutPrefix(part, "owner(")
		name, ok := names[strings.TrimSuffix(device, ")")]
		switch {
		case ok && isOwner:
			parts[i] = plan.Owner(name)
		case ok:
			parts[i] = name
		}
	}
	return strings.Join(parts, ",")
}

func halfClients(p plan.Plan) (*plan.Plan, bool) {
	if p.Settings.Clients < 2 {
		return nil, false
	}
	p.Settings.Clients /= 2
	return &p, true
}

// halfDuration halves the phase of faults, and with it the times at which they begin.
func halfDuration(p plan.Plan) (*plan.Plan, bool) {
	p.Settings.Duration = half(p.Settings.Duration)
	p.Entries = slices.Clone(p.Entries)
	for i := range p.Entries {
		p.Entries[i].At = half(p.Entries[i].At)
	}
	return &p, p.Settings.Validate() == nil
}

// Size tells how large a plan is: "2 entries held up to 3s, 15 devices, 4 clients, 30s".
func Size(p *plan.Plan) string {
	var longest plan.Duration
	for _, e := range p.Entries {
		longest = max(longest, e.Hold)
	}
	entries := number(len(p.Entries), "entry", "entries")
	if longest > 0 {
		entries += " held up to " + longest.String()
	}
	s := p.Settings
	return strings.Join([]string{entries, number(s.Devices, "device", "devices"), number(s.Clients, "client", "clients"), s.Duration.String()}, ", ")
}

func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
