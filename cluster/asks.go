package cluster

import (
	"container/heap"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxAsks bounds the asks of a gateway that wait for their answers.
const maxAsks = 1 << 16

// An ask is a question to a device that waits for its answer.
type ask struct {
	number   uint64
	device   string
	message  proto.Message
	answer   func(proto.Message, error)
	deadline time.Time
	from     string // run of this gateway that asks
	to       Owner
	again    bool // it was sent to another owner before, who was none any more
	at       int  // in deadlines
}

// lost is how an ask ends that gets no answer: a command may have reached its device.
func (a *ask) lost(why string) error {
	if c, ok := a.message.(*roostv1.Command); ok {
		return roostv1.Errorf(roostv1.ErrOutcomeUnknown, "command %s for device %s: %s; send it again with its id to learn more", c.Id, a.device, why)
	}
	return roostv1.Errorf(roostv1.ErrUnavailable, "device %s: %s", a.device, why)
}

// asks are the open ones. Whoever takes one out has it answered, so each is answered once.
//
// Concurrency: all methods may be called concurrently.
type asks struct {
	due *time.Timer // fires at the first deadline, or before

	mu        sync.Mutex // guards all below
	last      uint64
	open      map[uint64]*ask
	deadlines deadlines
	closed    error // why no more are taken; nil: they are
}

// newAsks returns asks that are closed for that reason until begin.
func newAsks(why error) *asks {
	return &asks{due: time.NewTimer(time.Hour), open: make(map[uint64]*ask), closed: why}
}

// begin lets asks in: from now on their answers can come.
func (as *asks) begin() {
	as.mu.Lock()
	defer as.mu.Unlock()
	as.closed = nil
}

// add takes an ask in and numbers it. The error is ErrBusy, or why the asks were closed.
func (as *asks) add(a *ask) error {
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.closed != nil {
		return as.closed
	}
	if len(as.open) >= maxAsks {
		return roostv1.Errorf(roostv1.ErrBusy, "%d messages wait for an answer, no more are taken", maxAsks)
	}
	as.last++
	a.number = as.last
	as.putLocked(a)
	return nil
}

// back takes an ask in again that was taken out. It returns false if the asks were closed.
func (as *asks) back(a *ask) bool {
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.closed != nil {
		return false
	}
	as.putLocked(a)
	return true
}

func (as *asks) putLocked(a *ask) {
	as.open[a.number] = a
	heap.Push(&as.deadlines, a)
	if a.at == 0 {
		as.due.Reset(time.Until(a.deadline))
	}
}

// take takes an ask out if it was sent to that run of that gateway; nil if there is none.
func (as *asks) take(number uint64, gateway, incarnation []byte) *ask {
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.open[number]
	if a == nil || a.to.Gateway != string(gateway) || a.to.Incarnation != string(incarnation) {
		return nil
	}
	as.removeLocked(a)
	return a
}

// remove takes out those of the asks that are still open.
func (as *asks) remove(numbers []uint64) []*ask {
	as.mu.Lock()
	defer as.mu.Unlock()
	var removed []*ask
	for _, number := range numbers {
		if a := as.open[number]; a != nil {
			as.removeLocked(a)
			removed = append(removed, a)
		}
	}
	return removed
}

// removeIf takes out those that match.
func (as *asks) removeIf(match func(*ask) bool) []*ask {
	as.mu.Lock()
	defer as.mu.Unlock()
	var removed []*ask
	for _, a := range as.open {
		if match(a) {
			removed = append(removed, a)
		}
	}
	for _, a := range removed {
		as.removeLocked(a)
	}
	return removed
}

// overdue takes out those whose deadline has come, and sets the timer to the next one. An ask
// that is answered leaves the timer as it is: it then fires for nothing, which is cheaper.
func (as *asks) overdue(now time.Time) []*ask {
	as.mu.Lock()
	defer as.mu.Unlock()
	var over []*ask
	for len(as.deadlines) > 0 && !as.deadlines[0].deadline.After(now) {
		over = append(over, as.deadlines[0])
		as.removeLocked(as.deadlines[0])
	}
	if len(as.deadlines) > 0 {
		as.due.Reset(as.deadlines[0].deadline.Sub(now))
	}
	return over
}

// close lets no more asks in, and takes all out.
func (as *asks) close(why error) []*ask {
	as.mu.Lock()
	as.closed = why
	as.mu.Unlock()
	as.due.Stop()
	return as.removeIf(func(*ask) bool { return true })
}

func (as *asks) removeLocked(a *ask) {
	delete(as.open, a.number)
	heap.Remove(&as.deadlines, a.at)
}

// deadlines are asks, the most urgent one first. It implements [heap.Interface].
type deadlines []*ask

func (d deadlines) Len() int { return len(d) }

func (d deadlines) Less(i, j int) bool { return d[i].deadline.Before(d[j].deadline) }

func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].at, d[j].at = i, j
}

func (d *deadlines) Push(a any) {
	a.(*ask).at = len(*d)
	*d = append(*d, a.(*ask))
}

func (d *deadlines) Pop() any {
	last := len(*d) - 1
	a := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return a
}
