package cluster

import (
	"context"
	"sync"

	"github.com/nats-io/nats.go"
)

// ownerWriter writes owners of buses beside the one who decides about them: what is asked for while
// a write is on its way goes together in the next one, so that one sync of the hub's disk serves
// many. Its methods may be called concurrently, run once.
type ownerWriter struct {
	out  *casWriter
	done chan<- []*write // told of the writes, with what became of each

	mu    sync.Mutex
	queue []*write
	more  chan struct{} // holds a token when the queue is not empty
}

func newOwnerWriter(nc *nats.Conn, names Subjects, done chan<- []*write) (*ownerWriter, error) {
	out, err := newCASWriter(nc, names)
	if err != nil {
		return nil, err
	}
	return &ownerWriter{out: out, done: done, more: make(chan struct{}, 1)}, nil
}

// ask has the writes made, without waiting.
func (o *ownerWriter) ask(writes []*write) {
	if len(writes) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, writes...)
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// run makes writes until ctx ends.
func (o *ownerWriter) run(ctx context.Context) error {
	defer o.out.close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-o.more:
		}
		writes := o.take()
		o.out.all(ctx, writes)
		select {
		case o.done <- writes:
		case <-ctx.Done():
			return nil
		}
	}
}

func (o *ownerWriter) take() []*write {
	o.mu.Lock()
	defer o.mu.Unlock()
	queue := o.queue
	o.queue = nil
	return queue
}
