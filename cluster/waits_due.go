package cluster

import (
	"container/heap"
	"time"
)

// overdue ends the waits whose time has come. One that does not know yet whether its command was accepted
// is given a moment more.
func (ws *waits) overdue(now time.Time) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for len(ws.due) > 0 && !ws.due[0].due.After(now) {
		w := ws.due[0]
		if last := w.until.Add(waitGrace); !w.sure && now.Before(last) {
			w.due = last
			heap.Fix(&ws.due, 0)
			continue
		}
		ws.lateLocked(w)
	}
	if len(ws.due) > 0 {
		ws.timer.Reset(ws.due[0].due.Sub(now))
	}
}

// close ends all waits with what is known, and lets no more in.
func (ws *waits) close() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.ended = true
	for len(ws.due) > 0 {
		ws.lateLocked(ws.due[0])
	}
}

// drain returns when nobody waits any more, or all that did have been told what is known after the patience.
func (ws *waits) drain(patience time.Duration) {
	late := time.NewTimer(patience)
	defer late.Stop()
	tick := time.NewTicker(patience / 50)
	defer tick.Stop()
	for !ws.quiet() {
		select {
		case <-late.C:
			ws.close()
			return
		case <-tick.C:
		}
	}
	ws.close()
}

func (ws *waits) quiet() bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return len(ws.due) == 0
}

// waitHeap are waits, the first due first. It implements [heap.Interface].
type waitHeap []*wait

func (h waitHeap) Len() int { return len(h) }

func (h waitHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h waitHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

func (h *waitHeap) Push(a any) {
	a.(*wait).at = len(*h)
	*h = append(*h, a.(*wait))
}

func (h *waitHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return w
}
