package actors

import (
	"fmt"
	"strings"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// defaultSettle is how long a device may take until it shows a write, where the profile does not say.
const defaultSettle = time.Second

// A look compares what a command wrote with what its device shows since. It is pure.
type look struct {
	glances []glance
	// reported is whether it counts what the device reports from the time on, rather than what is read back.
	reported bool
	from     time.Time
	// until is when it ends; the read-backs are every apart.
	until instant
	every time.Duration
	// outdated is whether a later command may have changed what is looked at.
	outdated bool
}

// A glance is one resource that shows a write: the last one that it shows.
type glance struct {
	step     int // of the plan
	resource *roostv1.Resource
	shown    *roostv1.Resource
	wanted   *roostv1.Value
	seen     *roostv1.Value // nil: nothing yet
}

func (g *glance) matches() bool { return g.seen != nil && g.resource.Confirms(g.wanted, g.seen) }

// newLook makes what compares a plan with its device; nil where the device does not show all of it.
func newLook(p *roostv1.Profile, plan *roostv1.Plan) *look {
	if plan == nil || len(plan.Steps) == 0 {
		return nil
	}
	l := &look{}
	for i, step := range plan.Steps {
		resource := p.Resource(step.Resource)
		shown := p.Readback(resource)
		if shown == nil {
			return nil
		}
		l.add(glance{step: i, resource: resource, shown: shown, wanted: step.Value})
	}
	return l
}

// add takes a glance, in place of one at the same resource, whose write it has undone.
func (l *look) add(g glance) {
	for i := range l.glances {
		if l.glances[i].shown.Name == g.shown.Name {
			l.glances[i] = g
			return
		}
	}
	l.glances = append(l.glances, g)
}

// names are the resources to read.
func (l *look) names() []string {
	names := make([]string, len(l.glances))
	for i := range l.glances {
		names[i] = l.glances[i].shown.Name
	}
	return names
}

// settle is how long the device may take until it shows everything.
func (l *look) settle() time.Duration {
	var longest time.Duration
	for i := range l.glances {
		d := defaultSettle
		if s := l.glances[i].resource.GetSettleTime(); s != nil {
			d = s.AsDuration()
		}
		longest = max(longest, d)
	}
	return longest
}

// readable reports whether a profile still has what is looked at.
func (l *look) readable(p *roostv1.Profile) bool {
	for i := range l.glances {
		if !p.Resource(l.glances[i].shown.Name).Readable() {
			return false
		}
	}
	return true
}

// clear forgets what was seen, as it is read anew.
func (l *look) clear() {
	for i := range l.glances {
		l.glances[i].seen = nil
	}
}

// see takes samples, and reports whether any of them is looked at. A stale one shows what was at some time, and not what a write has done.
func (l *look) see(samples []Sample) (any bool) {
	for i := range samples {
		s := &samples[i]
		if s.Quality == roostv1.Quality_QUALITY_BAD || s.Value == nil || s.Reason == roostv1.QualityReason_QUALITY_REASON_STALE ||
			l.reported && !s.At.After(l.from) {
			continue
		}
		any = l.seeOne(s) || any
	}
	return any
}

func (l *look) seeOne(s *Sample) bool {
	for i := range l.glances {
		g := &l.glances[i]
		if g.shown.Name != s.Resource {
			continue
		}
		if value, quality, _ := roostv1.CheckReading(g.shown, s.Value); quality != roostv1.Quality_QUALITY_BAD {
			g.seen = value
			return true
		}
	}
	return false
}

// verdict counts the resources that show what was written, show something else, or were not seen.
func (l *look) verdict() (match, differ, unseen int) {
	for i := range l.glances {
		switch g := &l.glances[i]; {
		case g.seen == nil:
			unseen++
		case g.matches():
			match++
		default:
			differ++
		}
	}
	return match, differ, unseen
}

// confirmed reports whether the device shows all that was written.
func (l *look) confirmed() bool {
	match, _, _ := l.verdict()
	return match == len(l.glances)
}

// text says what was seen that should not be.
func (l *look) text() string {
	var parts []string
	for i := range l.glances {
		switch g := &l.glances[i]; {
		case g.seen == nil:
			parts = append(parts, g.shown.Name+" could not be read back")
		case !g.matches():
			parts = append(parts, fmt.Sprintf("%s: read back %s, wanted %s", g.shown.Name, g.seen.Format(), g.wanted.Format()))
		}
	}
	return strings.Join(parts, "; ")
}

// note puts what was seen in the results of the steps.
func (l *look) note(steps []*roostv1.StepResult) {
	for i := range l.glances {
		if g := &l.glances[i]; g.step < len(steps) && g.seen != nil {
			steps[g.step].Readback = g.seen
		}
	}
}

// decide says of the steps whose outcome was unknown what the device shows of them.
func (l *look) decide(steps []*roostv1.StepResult) {
	for i := range l.glances {
		g := &l.glances[i]
		if g.step >= len(steps) || steps[g.step].State != roostv1.CommandState_COMMAND_STATE_UNKNOWN {
			continue
		}
		steps[g.step].State = roostv1.CommandState_COMMAND_STATE_FAILED
		if g.matches() {
			steps[g.step].State = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
		}
	}
}

// writes reports whether a plan may change a resource, or what is shown of it. One that the driver takes as a
// whole may change anything.
func writes(p *roostv1.Profile, plan *roostv1.Plan, resource, shown *roostv1.Resource) bool {
	if plan == nil || len(plan.Steps) == 0 {
		return true
	}
	for _, step := range plan.Steps {
		back := p.Readback(p.Resource(step.Resource))
		if step.Resource == resource.GetName() || step.Resource == shown.GetName() || back != nil && back.Name == shown.GetName() {
			return true
		}
	}
	return false
}
