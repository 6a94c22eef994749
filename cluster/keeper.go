package cluster

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lateRenewals is how many renewals in a row come too late to act on before it is said.
const lateRenewals = 8

// keeper keeps the gateway's lease, and ends those of gateways that fell silent. All that it
// decides is decided by package lease, of which it is the driver: it reads the clock, carries
// writes to the hub, and tells what comes back.
//
// One goroutine runs it and never waits for the hub. Others ask it to do something with do, and
// learn from standing where the gateway stands.
type keeper struct {
	id       string
	base     *roostv1.Member // what does not change from record to record
	names    Subjects
	terms    lease.Terms
	clock    boottime.Clock
	picture  *Picture
	follower *Follower
	fence    *Fence
	hub      *HubClock
	hearing  *hearing
	begun    func(incarnation string) error
	tell     func(what string)
	log      *slog.Logger

	asks    chan func()
	changed chan struct{} // holds a token when standing may have changed
	joined  chan struct{} // closed when the gateway has become a member for the first time
	over    chan struct{} // closed when run has ended

	out     *courier
	holder  *lease.Holder
	evictor *lease.Evictor
	sight   *lease.Sight
	ended   []string // incarnations that are certain to have stopped
	last    uint64   // sequence of the last own record that is known
	stream  uint64   // which stream the picture was of when the incarnation began
	rival   rival
	probes  probes
	twins   twins
	err     error // why it cannot go on

	mu    sync.Mutex
	stand standing
}

// phase is where a gateway stands with its lease.
type phase uint8

const (
	phaseWaiting   phase = iota // for its name, or for the hub's first answer
	phaseHolding                // it may act
	phaseSuspended              // it may not, until a renewal is accepted
	phaseLost                   // somebody else ended it: all shared devices are to be let go of
	phaseDeparted               // it left
)

// standing is where a gateway stands.
type standing struct {
	self     self
	phase    phase
	joined   uint64 // sequence of a record by which it is a member; 0: it is none yet
	draining bool
}

// run keeps the lease until ctx ends, and then returns nil. An error says why this gateway cannot be
// a member: ErrConflict where another process is.
func (k *keeper) run(ctx context.Context, nc *nats.Conn) error {
	var err error
	if k.out, err = newCourier(nc, k.names, k.clock, k.hearing.heard); err != nil {
		return err
	}
	defer k.out.close()
	defer close(k.over)
	defer k.fence.set(0)
	changes := k.picture.Watch(KindMember, KindProbe)
	defer changes.Close()
	k.begin()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for k.err == nil {
		select {
		case <-ctx.Done():
			return nil
		case m := <-k.out.answers:
			k.out.take(m)
		case <-changes.Ready():
			k.seen(changes.Take())
		case ask := <-k.asks:
			ask()
		case <-timer.C:
		}
		k.look()
		timer.Reset(k.pause())
	}
	return k.err
}

// do has the keeper's goroutine call f, unless that has ended, or ctx ends before.
func (k *keeper) do(ctx context.Context, f func()) {
	select {
	case k.asks <- f:
	case <-k.over:
	case <-ctx.Done():
	}
}

// begin starts a new incarnation.
func (k *keeper) begin() {
	was := k.standing()
	if k.holder != nil {
		k.ended = append(k.ended, was.self.incarnation)
	}
	incarnation := newIncarnation()
	if k.err = k.begun(incarnation); k.err != nil {
		return
	}
	if k.holder, k.err = lease.NewHolder(k.terms, incarnation, k.ended...); k.err != nil {
		return
	}
	if was.draining {
		k.holder.Drain(k.clock.Now())
	}
	k.last, k.rival = 0, rival{}
	if stream := k.picture.generation(); stream != k.stream {
		k.forget()
		k.stream = stream
	}
	k.become(standing{self: self{k.id, incarnation}, draining: was.draining})
}

// forget drops what is known of another stream: its sequences mean nothing in this one.
func (k *keeper) forget() {
	k.evictor, k.err = lease.NewEvictor(k.terms)
	if k.err == nil {
		k.sight, k.err = lease.NewSight(k.terms)
	}
}

// standing returns where the gateway stands.
func (k *keeper) standing() standing {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stand
}

func (k *keeper) become(s standing) {
	k.mu.Lock()
	k.stand = s
	k.mu.Unlock()
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// look does what time alone calls for.
func (k *keeper) look() {
	if k.err != nil {
		return
	}
	now := k.clock.Now()
	if k.standing().phase == phaseLost {
		return // until all shared devices have been let go of
	}
	if k.picture.generation() != k.stream {
		k.log.Error("the control stream is another one: starting over")
		k.fence.set(0)
		k.turn(lease.Lost)
		return
	}
	k.take(k.holder.Tick(now))
	k.sight.Passed(k.picture.Passed())
	if k.sight.Blind(now) {
		k.sight.Replaced(now)
		if k.follower.Following() { // a new consumer is given the time that its listing takes
			k.log.Warn("the picture fell behind the stream", "passed", k.picture.Passed())
			k.follower.Replace()
		}
	}
	for _, e := range k.evictor.Due(now) {
		k.evict(e, true)
	}
	k.probe(now)
}

// pause is how long there is nothing to look at.
func (k *keeper) pause() time.Duration {
	now := k.clock.Now()
	next := now.Add(k.terms.Interval() / 2) // for the sight, and since timers do not count sleep
	if at, ok := k.holder.Next(); ok && k.standing().phase != phaseLost {
		next = min(next, at)
	}
	if at, ok := k.evictor.Next(now); ok {
		next = min(next, at)
	}
	return max(next.Sub(now), time.Millisecond)
}

// drain makes the records say that the gateway hands over what it has and takes nothing new.
func (k *keeper) drain(ctx context.Context) {
	k.do(ctx, func() {
		s := k.standing()
		if s.draining {
			return
		}
		s.draining = true
		k.become(s)
		k.take(k.holder.Drain(k.clock.Now()))
	})
}

// depart gives the lease up, and returns when the hub has it on record, or has it on record already that
// the lease was ended. All that was done under it must have stopped before.
func (k *keeper) depart(ctx context.Context) error {
	k.do(ctx, func() { k.take(k.holder.Leave(k.clock.Now())) })
	for {
		if phase := k.standing().phase; phase == phaseDeparted || phase == phaseLost {
			return nil
		}
		select {
		case <-k.changed:
		case <-k.over:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// again starts a new incarnation in place of one whose lease was lost, once all shared devices
// have been let go of.
func (k *keeper) again(ctx context.Context) {
	k.do(ctx, func() {
		if k.standing().phase == phaseLost {
			k.begin()
		}
	})
}
