package roostv1

import (
	"math"
	"strings"
	"unicode"
)

// ValidateProfile returns everything that is wrong with a profile, in the order of
// its fields. Paths are relative to the profile. Its revision is not looked at.
func ValidateProfile(p *Profile) Problems {
	var problems Problems
	at := place{problems: &problems}
	if p == nil {
		at.report("", "there is no profile")
		return problems
	}
	validateProfile(at, p)
	return problems
}

func validateProfile(at place, p *Profile) {
	at.size(p, MaxRecord)
	at.bare().failed("id", CheckID("profile id", p.Id))
	at.text("description", p.Description)
	at.line("manufacturer", p.Manufacturer)
	at.line("model", p.Model)

	resources := make(map[string]*Resource, len(p.Resources))
	firsts := make(map[string]string, len(p.Resources))
	for i, r := range p.Resources {
		at := at.entry("resources", i, "resource", r.GetName())
		if r == nil {
			at.report("", "it is empty")
			continue
		}
		if at.once(firsts, "name", r.Name) {
			resources[r.Name] = r
		}
	}
	for i, r := range p.Resources {
		if r != nil {
			validateResource(at.entry("resources", i, "resource", r.Name), r, resources)
		}
	}
	validateCommands(at, p.Commands, resources)
}

func validateResource(at place, r *Resource, resources map[string]*Resource) {
	at.bare().failed("name", CheckName("resource name", r.Name))
	at.text("description", r.Description)
	at.valueType(r.Type)
	at.unit(r.Unit)
	at.limits(r.bounds())
	at.enum("access", r.Access)
	at.writeKind(r)
	at.readback(r, resources)
	at.amount("readback_tolerance", r.ReadbackTolerance, r.Type)
	at.span("settle_time", r.SettleTime, 0, MaxTimeout)
	at.span("poll_interval", r.PollInterval, MinInterval, MaxInterval)
	at.span("max_staleness", r.MaxStaleness, MinInterval, MaxInterval)
	if stale, every := span(r.MaxStaleness, 0, MaxInterval), span(r.PollInterval, 0, MaxInterval); stale > 0 && stale < every {
		at.report("max_staleness", "%v is shorter than poll_interval %v", stale, every)
	}
	at.amount("deadband", r.Deadband, r.Type)
	at.span("heartbeat", r.Heartbeat, MinInterval, MaxInterval)
	at.texts("protocol", r.Protocol)
}

func (at place) valueType(t ValueType) {
	at.enum("type", t)
	if t == ValueType_VALUE_TYPE_UNSPECIFIED {
		at.report("type", "it has no type")
	}
}

// unit checks the form of a unit, not that UCUM knows it.
func (at place) unit(unit string) {
	switch {
	case len(unit) > MaxName:
		at.report("unit", "%d characters, at most %d are allowed", len(unit), MaxName)
	case strings.ContainsFunc(unit, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == 0x7f }):
		at.report("unit", "%s has characters that no UCUM unit has: they are printable ASCII without spaces", shown(unit))
	}
}

// limits checks what a resource or an argument says of its values.
func (at place) limits(b bounds) {
	at.bound("min", b.min, b.kind)
	at.bound("max", b.max, b.kind)
	if b.min != nil && b.max != nil && *b.min > *b.max {
		at.report("min", "%s is above max %s", formatDouble(*b.min), formatDouble(*b.max))
	}
	if len(b.options) > 0 && typed(b.kind) && b.kind != ValueType_VALUE_TYPE_STRING {
		at.report("options", "only a STRING has options, and this is %s", b.kind.noun())
	}
	firsts := make(map[string]string, len(b.options))
	for i, option := range b.options {
		at.line(index("options", i), option)
		at.once(firsts, index("options", i), option)
	}
}

func (at place) bound(field string, limit *float64, t ValueType) {
	switch {
	case limit == nil:
	case math.IsNaN(*limit) || math.IsInf(*limit, 0):
		at.report(field, "%v is not a finite number", *limit)
	case typed(t) && !numeric(t):
		at.report(field, "only a number has limits, and this is %s", t.noun())
	}
}

// writeKind has the author say what a repeated write does: nobody else knows, and
// after a gateway has died it is too late to ask.
func (at place) writeKind(r *Resource) {
	at.enum("write_kind", r.WriteKind)
	unspecified := r.WriteKind == WriteKind_WRITE_KIND_UNSPECIFIED
	switch {
	case r.Writable() && unspecified:
		at.report("write_kind", "it can be written, so say what a repeated write does: ABSOLUTE, RELATIVE or PULSE")
	case !r.Writable() && known(r.Access) && !unspecified:
		at.report("write_kind", "%s, but access says that it cannot be written", r.WriteKind.Word())
	}
}

func (at place) readback(r *Resource, resources map[string]*Resource) {
	if r.Readback == "" {
		return
	}
	switch shows := resources[r.Readback]; {
	case shows == nil:
		at.report("readback", "there is no resource %s", shown(r.Readback))
	case !shows.Readable():
		at.report("readback", "%s cannot be read", shown(r.Readback))
	case !r.Writable():
		at.report("readback", "it is never written, so %s shows nothing", shown(r.Readback))
	case !interchangeable(r.Type, shows.Type):
		at.report("readback", "%s is %s and cannot be compared with %s", shown(r.Readback), shows.Type.noun(), r.Type.noun())
	}
}

// interchangeable reports whether values of two types can stand in for each other.
func interchangeable(a, b ValueType) bool { return a == b || numeric(a) && numeric(b) }
