package cluster

import "slices"

// laneSlack is how many entries may be out of line before their room is taken back.
const laneSlack = 64

// lane is what is to be written about the commands of one bus, behind the one entry that is being made: with three
// servers, the hub refuses a second write on the same condition while the first is on its way. It has at most one
// patient entry of each subject.
type lane struct {
	first   []*entry          // those that are not patient
	patient []*entry          // also such as are out of line: no others are in waiting
	waiting map[string]*entry // the patient ones by subject
}

func newLane() *lane { return &lane{waiting: map[string]*entry{}} }

// put has an entry stand in line. A patient one of its subject that is there already is left out: it has the
// outcome of this one.
func (l *lane) put(e *entry) {
	was := l.waiting[e.subject]
	if was != nil {
		e.done = both(was.done, e.done)
	}
	switch {
	case !e.patient:
		delete(l.waiting, e.subject)
		l.first = append(l.first, e)
		if len(l.patient) > 2*len(l.waiting)+laneSlack {
			l.patient = slices.DeleteFunc(l.patient, func(p *entry) bool { return l.waiting[p.subject] != p })
		}
	case was != nil:
		*was = *e // in the place of the other
	default:
		l.waiting[e.subject] = e
		l.patient = append(l.patient, e)
	}
}

func both(earlier, later func(uint64, *stored, error)) func(uint64, *stored, error) {
	return func(sequence uint64, there *stored, err error) {
		earlier(sequence, there, err)
		later(sequence, there, err)
	}
}

// next takes the entry out that is to be made next; nil: there is none.
func (l *lane) next() *entry {
	if len(l.first) > 0 {
		e := l.first[0]
		l.first = l.first[1:]
		return e
	}
	for len(l.patient) > 0 {
		e := l.patient[0]
		l.patient = l.patient[1:]
		if l.waiting[e.subject] == e {
			delete(l.waiting, e.subject)
			return e
		}
	}
	return nil
}

// left are the entries that stand in line.
func (l *lane) left() []*entry {
	all := l.first
	for _, e := range l.waiting {
		all = append(all, e)
	}
	return all
}
