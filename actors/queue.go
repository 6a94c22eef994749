package actors

// queue is a FIFO that costs no allocation while it holds one message.
//
// Invariant: more is empty if first is nil.
type queue struct {
	first any
	more  *ring // what waits behind the first; nil until it is needed
}

func (q *queue) len() int {
	switch {
	case q.first == nil:
		return 0
	case q.more == nil:
		return 1
	default:
		return 1 + q.more.len
	}
}

func (q *queue) push(msg any) {
	if q.first == nil {
		q.first = msg
		return
	}
	if q.more == nil {
		q.more = &ring{}
	}
	q.more.push(msg)
}

func (q *queue) pop() any {
	msg := q.first
	q.first = nil
	if q.more != nil && q.more.len > 0 {
		q.first = q.more.pop()
	}
	return msg
}

// keptCapacity is the largest ring that an actor with nothing to do keeps.
const keptCapacity = 16

// shrink gives the memory of a burst back.
func (q *queue) shrink() {
	if q.more != nil && len(q.more.slots) > keptCapacity {
		q.more = nil
	}
}

// ring is a FIFO in a buffer that doubles when it is full.
//
// Invariant: len(slots) is zero or a power of two; slots that hold no message are nil.
type ring struct {
	slots []any
	head  int // of the first message
	len   int
}

func (r *ring) push(msg any) {
	if r.len == len(r.slots) {
		grown := make([]any, max(4, 2*r.len))
		n := copy(grown, r.slots[r.head:])
		copy(grown[n:], r.slots[:r.head])
		r.slots, r.head = grown, 0
	}
	r.slots[(r.head+r.len)&(len(r.slots)-1)] = msg
	r.len++
}

func (r *ring) pop() any {
	msg := r.slots[r.head]
	r.slots[r.head] = nil
	r.head = (r.head + 1) & (len(r.slots) - 1)
	r.len--
	return msg
}
