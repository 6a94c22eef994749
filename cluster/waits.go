package cluster

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxWaits bounds the callers of a gateway that wait for commands to end.
	maxWaits = 1 << 16
	// maxWaitBytes bounds what is kept of their commands meanwhile; see keepLocked.
	maxWaitBytes = 64 << 20
	// sharers is how many of the callers who wait for the same command are asked for its record.
	sharers = 8
	// acceptGrace is how much longer than he wanted a caller waits to learn whether his command was accepted.
	acceptGrace = 500 * time.Millisecond
	// waitGrace is after how long he is told that nobody knows, should nobody have told him anything.
	waitGrace = 750 * time.Millisecond
)

// wait is a caller who waits for a command to end. It costs some memory, and no goroutine.
type wait struct {
	key    string // of the command
	answer func(*roostv1.CommandRecord, error)
	// until is when he wants to be told the present record, due when he is looked at next.
	until, due time.Time
	at         int // in the heap; -1: it is over

	dispatched bool // it also ends when the command is dispatched

	sure   bool                   // the records are those of his command
	record *roostv1.CommandRecord // the last that is known; nil: none
	size   int                    // what it counts for in bytes
	err    error                  // the answer, if that is no record
	unhook func() bool            // from the context of the caller; nil: it has none that ends
}

// waits are those who wait for commands to end. The picture tells each record of a command, and a goroutine answers,
// so that the picture never waits for anybody.
//
// Concurrency: all methods may be called concurrently. Each wait is answered once.
type waits struct {
	// present makes a record what it is now, when a caller is told one that is not final.
	present func(*roostv1.CommandRecord) *roostv1.CommandRecord

	wake  chan struct{} // holds a token when over is not empty
	timer *time.Timer   // fires when the first is due, or before

	mu    sync.Mutex // guards all below
	open  map[string][]*wait
	due   waitHeap
	bytes int     // of the records of those who do not share them
	over  []*wait // to be answered
	ended bool
}

func newWaits(present func(*roostv1.CommandRecord) *roostv1.CommandRecord) *waits {
	return &waits{
		present: present, wake: make(chan struct{}, 1), timer: time.NewTimer(time.Hour), open: map[string][]*wait{},
	}
}

// add has a caller wait. From now on he is answered, whatever happens. The error is ErrBusy, or
// ErrUnavailable at the end.
func (ws *waits) add(key string, patience time.Duration, answer func(*roostv1.CommandRecord, error)) (*wait, error) {
	w := &wait{key: key, answer: answer}
	return w, ws.put(w, patience)
}

// put is add for a wait that is made already.
func (ws *waits) put(w *wait, patience time.Duration) error {
	w.until = time.Now().Add(patience)
	w.due = w.until
	ws.mu.Lock()
	defer ws.mu.Unlock()
	switch {
	case ws.ended:
		return roostv1.Errorf(roostv1.ErrUnavailable, "the gateway stops")
	case len(ws.due) >= maxWaits:
		return roostv1.Errorf(roostv1.ErrBusy, "%d callers wait for commands already", maxWaits)
	}
	ws.open[w.key] = append(ws.open[w.key], w)
	heap.Push(&ws.due, w)
	if w.at == 0 {
		ws.timer.Reset(time.Until(w.due))
	}
	return nil
}

// tell tells a record of a command. It is called with the picture's lock held.
func (ws *waits) tell(key string, record *roostv1.CommandRecord) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, w := range append([]*wait(nil), ws.open[key]...) {
		w.record = record
		if w.sure && w.endsWith(record) {
			ws.endLocked(w)
		}
	}
}

// tellNow is tell for whoever may be kept as long as the answers take: they are given before it returns.
func (ws *waits) tellNow(key string, record *roostv1.CommandRecord) {
	ws.tell(key, record)
	ws.answerAll()
}

// is tells a wait that a record is of its command. What it was told before is later than that.
func (ws *waits) is(w *wait, record *roostv1.CommandRecord) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.at < 0 {
		return
	}
	w.sure = true
	if w.record == nil || record.State.Final() {
		w.record = record
	}
	if !ws.keepLocked(w) || w.endsWith(w.record) || !time.Now().Before(w.until) {
		ws.endLocked(w)
	}
}

// keepLocked makes room for the record of a wait: one that somebody else who waits has too is kept once. It is false if
// there is no room: then he is told the present record at once.
func (ws *waits) keepLocked(w *wait) bool {
	all := ws.open[w.key]
	for _, other := range all[:min(len(all), sharers)] {
		if other != w && other.sure && other.record.Order == w.record.Order && len(other.record.Transitions) >= len(w.record.Transitions) {
			w.record = other.record
			return true
		}
	}
	w.size = proto.Size(w.record)
	ws.bytes += w.size
	return ws.bytes <= maxWaitBytes
}

// endsWith reports whether the caller waits no longer once he knows that record.
func (w *wait) endsWith(record *roostv1.CommandRecord) bool {
	return record.State.Final() || w.dispatched && record.Attempt > 0
}

// fail ends a wait with an error, and with a record if there is one that explains it.
func (ws *waits) fail(w *wait, record *roostv1.CommandRecord, err error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.at < 0 {
		return
	}
	w.record, w.err = record, err
	ws.endLocked(w)
}

// endWith ends a wait with a context, if that ends before.
func (ws *waits) endWith(ctx context.Context, w *wait) {
	if ctx.Done() == nil {
		return
	}
	unhook := context.AfterFunc(ctx, func() { ws.hurry(w) })
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.at < 0 {
		unhook()
		return
	}
	w.unhook = unhook
}

// hurry ends a wait with what is known now.
func (ws *waits) hurry(w *wait) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.lateLocked(w)
}

func (ws *waits) lateLocked(w *wait) {
	if w.at < 0 {
		return
	}
	if !w.sure {
		w.record, w.err = nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the hub did not say in time whether the command was accepted")
	}
	ws.endLocked(w)
}

// endLocked takes a wait out and has it answered, if it was not before.
func (ws *waits) endLocked(w *wait) {
	if w.at < 0 {
		return
	}
	heap.Remove(&ws.due, w.at)
	w.at = -1
	ws.bytes -= w.size
	if w.unhook != nil {
		w.unhook()
	}
	all := ws.open[w.key]
	for i, other := range all {
		if other == w {
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
			break
		}
	}
	if len(all) == 0 {
		delete(ws.open, w.key)
	} else {
		ws.open[w.key] = all
	}
	ws.over = append(ws.over, w)
	select {
	case ws.wake <- struct{}{}:
	default:
	}
}

// run answers until ctx ends, and then those who are left.
func (ws *waits) run(ctx context.Context) error {
	defer ws.timer.Stop()
	for {
		select {
		case <-ws.wake:
		case <-ws.timer.C:
			ws.overdue(time.Now())
		case <-ctx.Done():
			ws.close()
			ws.answerAll()
			return nil
		}
		ws.answerAll()
	}
}

func (ws *waits) answerAll() {
	ws.mu.Lock()
	over := ws.over
	ws.over = nil
	ws.mu.Unlock()
	for _, w := range over {
		w.answer(ws.outcome(w))
	}
}

// outcome is what a caller is told whose wait is over.
func (ws *waits) outcome(w *wait) (*roostv1.CommandRecord, error) {
	if w.err == nil && !w.record.State.Final() {
		return ws.present(w.record), nil
	}
	return w.record, w.err
}
