package roostv1

import "time"

// ValidateDevice returns everything that is wrong with a device, in the order of
// its fields. Paths are relative to the device. p is its profile; nil leaves out what
// can be said only with it. The device's revision is not looked at.
func ValidateDevice(d *DeviceSpec, p *Profile) Problems {
	var problems Problems
	at := place{problems: &problems}
	if d == nil {
		at.report("", "there is no device")
		return problems
	}
	at.subject = "device"
	if d.Id != "" {
		at.subject += " " + shown(d.Id)
	}
	if p != nil && p.Id != d.Profile {
		at.report("profile", "it names %s, and was compared with %s", shown(d.Profile), shown(p.Id))
	}
	validateDevice(at, d, p)
	return problems
}

func validateDevice(at place, d *DeviceSpec, p *Profile) {
	at.size(d, MaxRecord)
	at.bare().failed("id", CheckID("device id", d.Id))
	at.text("description", d.Description)
	at.failed("profile", CheckID("profile id", d.Profile))
	if d.Driver == "" {
		at.report("driver", "it names no driver")
	} else {
		at.failed("driver", CheckID("driver", d.Driver))
	}
	at.texts("address", d.Address)
	if d.Bus != "" {
		at.failed("bus", CheckID("bus id", d.Bus))
	}
	validatePlacement(at, d.Placement)
	at.enum("admin_state", d.AdminState)
	validateSupervision(at, d.Supervision)
	at.limit("commands.queue_limit", d.GetCommands().GetQueueLimit(), maxQueue)
	at.span("commands.default_expiry", d.GetCommands().GetDefaultExpiry(), MinInterval, MaxInterval)
	at.span("poll_interval", d.PollInterval, MinInterval, MaxInterval)
	at.labels("labels", d.Labels)
	at.limit("outbox_limit", d.OutboxLimit, maxOutbox)
	if p != nil {
		validateStaleness(at, d, p)
	}
}

func validatePlacement(at place, p *Placement) {
	firsts := make(map[string]string, len(p.GetGateways()))
	for i, gateway := range p.GetGateways() {
		field := index("placement.gateways", i)
		at.failed(field, CheckID("gateway id", gateway))
		at.once(firsts, field, gateway)
	}
	at.labels("placement.selector", p.GetSelector())
}

func validateSupervision(at place, s *SupervisionPolicy) {
	if s == nil {
		return
	}
	at.span("supervision.base_delay", s.BaseDelay, MinInterval, MaxInterval)
	at.span("supervision.max_delay", s.MaxDelay, MinInterval, MaxInterval)
	if base, most := s.BaseDelay.AsDuration(), s.Resolve().MaxDelay; base > most && base <= MaxInterval {
		at.report("supervision.base_delay", "%v is longer than max_delay %v", base, most)
	}
	at.span("supervision.decay", s.Decay, MinInterval, MaxInterval)
	at.span("supervision.probe_interval", s.ProbeInterval, MinInterval, MaxInterval)
	at.span("supervision.stale_after", s.StaleAfter, MinInterval, MaxInterval)
	at.span("supervision.open_timeout", s.OpenTimeout, MinInterval, MaxTimeout)
	at.span("supervision.poll_timeout", s.PollTimeout, MinInterval, MaxTimeout)
}

// validateStaleness refuses limits that a healthy device breaks between two polls.
// It looks only at poll intervals that somebody chose: a device that pushes is not
// polled at all.
func validateStaleness(at place, d *DeviceSpec, p *Profile) {
	var shortest time.Duration
	chosen := true
	for _, r := range p.GetResources() {
		if !r.Readable() {
			continue
		}
		if r.PollInterval == nil && d.PollInterval == nil {
			chosen = false
			continue
		}
		every := d.PollEvery(r)
		if shortest == 0 || every < shortest {
			shortest = every
		}
		if own := span(r.MaxStaleness, every, MaxInterval); own < every && r.PollInterval == nil {
			at.report("poll_interval", "%v is longer than %s may be without news: its max_staleness is %v", every, shown(r.Name), own)
		}
	}
	if stale := span(d.GetSupervision().GetStaleAfter(), shortest, MaxInterval); chosen && stale < shortest {
		at.report("supervision.stale_after", "%v is shorter than the shortest poll interval, %v", stale, shortest)
	}
}
