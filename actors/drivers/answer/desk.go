package answer

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// Quiet is how long after its command has ended an answer may come. Devices that sleep, or that a broker could not reach, take their time.
const Quiet = time.Minute

// Desk is where the answers come that a device gives at one topic. It may be used by any number of goroutines. The zero value owes
// nothing.
type Desk struct {
	mu      sync.Mutex
	owed    int       // answers to commands that have ended
	until   time.Time // when nobody counts on them any more
	waiting []*Question
	users   int // guarded by the mu of its Desks
}

// Question is a command that waits for its answer.
type Question struct {
	// ID is the command's, for devices that repeat it in their answer. No other command has the same.
	ID string

	desk    *Desk
	came    chan Answer
	doubted bool // guarded by the desk's mu
}

// Ask notes that a command is about to be sent. Call End when it has ended, whichever way.
func (d *Desk) Ask() *Question {
	q := &Question{ID: rand.Text(), desk: d, came: make(chan Answer, 1)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, q)
	return q
}

// Came is where the answer comes, or word that one came that may be another's. It comes once.
func (q *Question) Came() <-chan Answer { return q.came }

// End notes that nobody waits any more, and whether the command may have been sent.
func (q *Question) End(sent bool) {
	d := q.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	at := slices.Index(d.waiting, q)
	switch {
	case at >= 0 && sent:
		d.oweLocked(d.owedLocked() + 1)
	case at < 0 && !sent && q.doubted:
		d.owed = max(0, d.owed-1) // it was counted when it was doubted
	}
	if at >= 0 {
		d.waiting = slices.Delete(d.waiting, at, at+1)
	}
}

// Take takes what the device has said, and the ID that it repeated; empty if it repeated none.
func (d *Desk) Take(text, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	owed := d.owedLocked()
	if id != "" {
		if at := slices.IndexFunc(d.waiting, func(q *Question) bool { return q.ID == id }); at >= 0 {
			d.waiting[at].came <- Answer{text: text, sure: true}
			d.waiting = slices.Delete(d.waiting, at, at+1)
			return
		}
	}
	switch {
	case id != "" || len(d.waiting) == 0: // it is an earlier command's, or nobody's
		d.owed = max(0, owed-1)
	case owed == 0 && len(d.waiting) == 1:
		d.waiting[0].came <- Answer{text: text, sure: true}
		d.waiting = nil
	default:
		d.oweLocked(owed + len(d.waiting) - 1)
		for _, q := range d.waiting {
			q.doubted = true
			q.came <- Answer{text: text}
		}
		d.waiting = nil
	}
}

// owedLocked returns how many answers to commands that have ended may come still.
func (d *Desk) owedLocked() int {
	if !time.Now().Before(d.until) {
		d.owed = 0
	}
	return d.owed
}

func (d *Desk) oweLocked(answers int) { d.owed, d.until = answers, time.Now().Add(Quiet) }
