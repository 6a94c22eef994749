package actors

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// firstRepeat is how long it takes until what is desired is commanded again that did not come about; it
	// doubles up to lastRepeat.
	firstRepeat = time.Second
	lastRepeat  = time.Minute
	// desiredExpiry is how long such a command may wait: what is desired then is looked at anew.
	desiredExpiry = 10 * time.Second
	// desiredWait is how long its end is waited for.
	desiredWait = time.Minute
)

// A desire is what an operator wants of a device, and how far it has come. It is pure, but for its timer:
// it is told the time and the samples, and answers what is to be written.
//
// What the device reports decides. What it does not show at all is written once for each revision.
type desire struct {
	wish    *roostv1.Desired
	applied map[string]uint64  // by resource: the revision of the wish that it has taken over
	whole   uint64             // the last revision that is applied in full
	seen    map[string]instant // by resource that is shown: when its last sample came
	since   map[string]instant // by resource that is shown: what came before shows nothing
	tries   int                // commands since all was as desired
	after   instant            // no command before
	open    string             // id of the command under way
	issued  *roostv1.Desired   // the wish that it is for
	timer   *time.Timer
}

// newWish takes a wish; nothing changes where it is the one that is known.
func (d *desire) newWish(w *roostv1.Desired) {
	if d.wish.GetRevision() == w.GetRevision() && d.wish != nil {
		return
	}
	d.wish, d.tries, d.after = w, 0, 0
}

// saw notes what a device has sent.
func (d *desire) saw(samples []Sample, now instant) {
	if d.seen == nil {
		d.seen = make(map[string]instant)
	}
	for i := range samples {
		if samples[i].Quality != roostv1.Quality_QUALITY_BAD && samples[i].Value != nil {
			d.seen[samples[i].Resource] = now
		}
	}
}

// missing is what has to be written, by resource, as far as the device has told since the last command.
// last is the last value of a resource.
func (d *desire) missing(p *roostv1.Profile, last func(resource string) *roostv1.Value) map[string]*roostv1.Value {
	var set map[string]*roostv1.Value
	complete := true
	for name, wanted := range d.wish.GetValues() {
		r := p.Resource(name)
		if wanted.GetKind() == nil || !r.Writable() || r.WriteKind != roostv1.WriteKind_WRITE_KIND_ABSOLUTE {
			continue
		}
		done, known := d.done(p, r, wanted, last)
		complete = complete && done
		if known && !done && allowed(p, name, wanted) { // one that is not must not keep the others from coming about
			if set == nil {
				set = make(map[string]*roostv1.Value)
			}
			set[name] = wanted
		}
	}
	if complete {
		d.tries, d.whole = 0, d.wish.GetRevision()
	}
	return set
}

// allowed reports whether the profile takes a value, which may have been desired under an earlier one.
func allowed(p *roostv1.Profile, resource string, v *roostv1.Value) bool {
	_, err := roostv1.MakePlan(p, &roostv1.Command{Name: roostv1.CommandSet, Arguments: map[string]*roostv1.Value{resource: v}})
	return err == nil
}

// done reports whether a resource is as desired; known is false while the device has not told.
func (d *desire) done(p *roostv1.Profile, r *roostv1.Resource, wanted *roostv1.Value, last func(string) *roostv1.Value) (done, known bool) {
	revision := d.wish.GetRevisions()[r.Name]
	shown := p.Readback(r)
	if shown == nil {
		at, ever := d.applied[r.Name]
		return ever && at >= revision, true
	}
	at, ever := d.seen[shown.Name]
	value := last(shown.Name)
	if !ever || at < d.since[shown.Name] || value == nil {
		return false, false
	}
	if !r.Confirms(wanted, value) {
		return false, true
	}
	d.apply(r.Name, revision)
	return true, true
}

// disturb notes that a plan may change what is shown of resources until then; without steps, of all.
func (d *desire) disturb(p *roostv1.Profile, plan *roostv1.Plan, until instant) {
	if d.since == nil {
		d.since = make(map[string]instant)
	}
	for name := range d.wish.GetValues() {
		r := p.Resource(name)
		if shown := p.Readback(r); shown != nil && writes(p, plan, r, shown) {
			d.since[shown.Name] = until
		}
	}
}

func (d *desire) apply(resource string, revision uint64) {
	if d.applied == nil {
		d.applied = make(map[string]uint64)
	}
	d.applied[resource] = max(d.applied[resource], revision)
}

// began notes a command that is to bring about what is missing.
func (d *desire) began(id string) {
	d.open, d.issued = id, d.wish
	d.tries++
}

// ended notes the end of that command: what it wrote that the device does not show is applied. The next
// one, if there has to be one, comes after a while.
func (d *desire) ended(p *roostv1.Profile, record *roostv1.CommandRecord, now instant) {
	d.open = ""
	d.after = now.add(d.backoff())
	if record.GetState() != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		return
	}
	for name := range record.GetCommand().GetArguments() {
		if p.Readback(p.Resource(name)) == nil {
			d.apply(name, d.issued.GetRevisions()[name])
		}
	}
}

// backoff is how long to wait before the next command.
func (d *desire) backoff() time.Duration {
	return min(firstRepeat<<min(max(d.tries-1, 0), 10), lastRepeat)
}

// revisions are those that are wanted, and taken over in full.
func (d *desire) revisions() (wanted, applied uint64) {
	if d == nil {
		return 0, 0
	}
	return d.wish.GetRevision(), d.whole
}

// stop ends the timer.
func (d *desire) stop() {
	if d != nil && d.timer != nil {
		d.timer.Stop()
	}
}
