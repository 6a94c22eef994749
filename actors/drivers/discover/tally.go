package discover

import "sync"

// Progress is how far a search is.
type Progress struct {
	// Done of Total were asked; without Total nobody knows how many there are.
	Done, Total int
	// Unit is what is counted in these: "addresses".
	Unit string
	// Found is how many devices, variables or topics there are by now.
	Found int
	// News is something that was found just now, for people; empty if this only tells how far it is.
	News string
}

// Tally counts how far a search is, and tells it. Its methods may be called concurrently; what is told is told one at a time.
type Tally struct {
	mu       sync.Mutex
	progress Progress
	tell     func(Progress)
}

// NewTally returns a tally of a search that has to ask so many; tell may be nil.
func NewTally(total int, unit string, tell func(Progress)) *Tally {
	return &Tally{progress: Progress{Total: total, Unit: unit}, tell: tell}
}

// Step says that so many more have been asked.
func (t *Tally) Step(n int) { t.count(n, 0, "") }

// Found says that one more was found, and what it is.
func (t *Tally) Found(news string) { t.count(0, 1, news) }

// Progress returns how far it is.
func (t *Tally) Progress() Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.progress
}

func (t *Tally) count(done, found int, news string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.progress.Done += done
	t.progress.Found += found
	if t.tell != nil {
		p := t.progress
		p.News = news
		t.tell(p)
	}
}
