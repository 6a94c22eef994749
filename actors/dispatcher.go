package actors

import "sync"

const (
	// throughput is how many messages an actor handles before protoactor's own
	// mailboxes yield; ours yields by the scheduler's preemption.
	throughput = 300
	// idleWorkers is how many goroutines wait for work. More run when there is more
	// to do, so an actor never waits for another.
	idleWorkers = 16
)

// dispatcher runs mailboxes on goroutines that are kept and used again. A new goroutine
// for every message, as protoactor's dispatcher starts them, grows its stack anew each time:
// a fifth of all processor time when many devices start.
//
// Concurrency: any goroutine schedules; nothing is scheduled after stop.
type dispatcher struct {
	mu      sync.Mutex // guards all below
	idle    []chan func()
	stopped bool
	workers sync.WaitGroup
}

// Schedule implements [actor.Dispatcher].
func (d *dispatcher) Schedule(run func()) {
	d.mu.Lock()
	if n := len(d.idle); n > 0 {
		worker := d.idle[n-1] // the last one: its stack is warm
		d.idle = d.idle[:n-1]
		d.mu.Unlock()
		worker <- run
		return
	}
	d.mu.Unlock()
	d.workers.Add(1)
	go d.work(run)
}

// Throughput implements [actor.Dispatcher].
func (d *dispatcher) Throughput() int { return throughput }

// work runs one mailbox after another, until nobody needs this goroutine.
func (d *dispatcher) work(run func()) {
	defer d.workers.Done()
	next := make(chan func(), 1) // Schedule never waits for a worker that was idle
	for run != nil {
		run()
		if !d.rest(next) {
			return
		}
		run = <-next
	}
}

// rest makes the worker idle, unless enough are or all is over.
func (d *dispatcher) rest(next chan func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped || len(d.idle) >= idleWorkers {
		return false
	}
	d.idle = append(d.idle, next)
	return true
}

// stop ends the idle workers and waits for the others.
func (d *dispatcher) stop() {
	d.leave()
	d.workers.Wait()
}

// leave ends the idle workers, and the others once they have nothing to do.
func (d *dispatcher) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	for _, worker := range d.idle {
		close(worker)
	}
	d.idle = nil
}
