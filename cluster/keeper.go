package cluster

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// probeLife is how long the hub keeps what a gateway writes that waits for its name.
const probeLife = "60s"

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
	if k.out, err = newCourier(nc, k.names, k.clock); err != nil {
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

// take does what the holder asks for: first what has changed counts.
func (k *keeper) take(step lease.Step) {
	if k.standing().phase == phaseLost {
		return // what an answer says that comes so late is over
	}
	k.fence.set(k.holder.Fence())
	k.turn(step.Change)
	var err error
	switch step.Action {
	case lease.WriteRecord:
		err = k.renew(step.Write)
	case lease.ReadRecord:
		err = k.readBack()
	}
	if err != nil { // the hub is away; the holder asks again in time
		k.log.Debug("lease: not sent", "error", err)
	}
	if k.holder.Late() == lateRenewals {
		k.log.Warn("renewals are accepted too late to act on: the hub is further away than the lease is long", "lease", k.terms.Lease)
	}
}

// turn takes notice of what became of the lease.
func (k *keeper) turn(change lease.Change) {
	s := k.standing()
	switch change {
	case lease.Granted:
		s.phase, s.joined = phaseHolding, k.last
		k.tell("joined")
		select {
		case <-k.joined:
		default:
			close(k.joined)
		}
	case lease.Suspended:
		s.phase = phaseSuspended
		k.tell("is suspended: its lease was not renewed in time")
	case lease.Resumed:
		s.phase = phaseHolding
		k.tell("is no longer suspended")
	case lease.Lost:
		s.phase = phaseLost
		k.tell("lost its lease: shared devices are let go of")
	case lease.Departed:
		s.phase = phaseDeparted
	case lease.Blocked:
		k.rival = rival{record: k.holder.Blocker()}
		k.log.Warn("another process has this gateway's name, or had it: waiting until it leaves or its lease is over",
			"incarnation", k.rival.record.Incarnation, "sequence", k.rival.record.Sequence)
	default:
		return
	}
	k.become(s)
}

// renew writes the own record once more.
func (k *keeper) renew(w lease.Write) error {
	holder := k.holder
	out := recordWrite(k.names.Member(k.id), w.Expect, k.record(w))
	out.forever = true
	return k.out.write(out, func(ack pubAck, err error) {
		now := k.clock.Now()
		if k.holder != holder {
			return // of an incarnation that is over
		}
		switch {
		case err == nil:
			k.last = max(k.last, ack.Sequence)
			k.sight.Acked(now, ack.Sequence)
			k.take(holder.Acked(now, w, ack.Sequence))
		case refusedWith(err, codeWrongSequence):
			k.take(holder.Refused(now, w, lease.Mismatch))
		case refusedWith(err, codeWriteInFlight):
			k.take(holder.Refused(now, w, lease.InFlight))
		default:
			k.log.Debug("lease: refused", "error", err)
		}
	})
}

// record is the record of a write. Incarnation and renewal together are unlike those of any other.
func (k *keeper) record(w lease.Write) *roostv1.Member {
	m := proto.CloneOf(k.base)
	m.Incarnation = k.standing().self.incarnation
	m.State, m.Renewal, m.Lease = w.State, w.Renewal, durationpb.New(k.terms.Lease)
	return m
}

// readBack reads the own record at the hub.
func (k *keeper) readBack() error {
	holder := k.holder
	return k.out.read(k.names.Member(k.id), func(sequence uint64, data []byte) {
		now := k.clock.Now()
		if k.holder != holder {
			return
		}
		r := lease.Record{}
		if sequence > 0 {
			r = lease.RecordOf(sequence, readMember(data))
		}
		k.saw(now, r)
	})
}

// saw tells the holder of a record on the own subject.
func (k *keeper) saw(now boottime.Instant, r lease.Record) {
	if r.Incarnation == k.standing().self.incarnation {
		k.last = max(k.last, r.Sequence)
	}
	k.take(k.holder.Saw(now, r))
}

// seen takes notice of what came with the picture.
func (k *keeper) seen(keys []Key) {
	for _, key := range keys {
		switch {
		case key.Kind == KindMember:
			k.seenMember(key.ID)
		case key.ID == k.id:
			k.seenProbe()
		}
	}
}

func (k *keeper) seenMember(gateway string) {
	s := k.picture.sight(gateway)
	now := k.clock.Now() // after it was received
	k.evictor.Saw(now, gateway, s.record)
	if gateway != k.id {
		return
	}
	if s.record.Incarnation == k.standing().self.incarnation {
		if ordered, ok := k.holder.Sent(s.record.Renewal); ok {
			k.evictor.Renewed(now, ordered)
			k.hub.learn(s.stored, ordered, now)
		}
	}
	k.err = k.rival.seen(k.id, s)
	k.saw(now, s.record)
}

// evict writes that a gateway's lease has run out, or if that is not new, that it still is so. What
// becomes of it comes with the picture.
func (k *keeper) evict(e lease.Eviction, isNew bool) {
	m := &roostv1.Member{GatewayId: e.Gateway}
	if known := k.picture.sight(e.Gateway).member; known != nil {
		m = proto.CloneOf(known)
	}
	m.Incarnation, m.State = e.Incarnation, roostv1.MemberState_MEMBER_STATE_EVICTED
	m.EvictedBy, m.Nonce = k.id, newNonce()
	w := recordWrite(k.names.Member(e.Gateway), e.Expect, m)
	w.forever = true
	err := k.out.write(w, func(ack pubAck, err error) {
		switch {
		case err != nil:
			k.log.Debug("eviction refused", "gateway", e.Gateway, "error", err)
		case isNew:
			k.log.Warn("gateway evicted", "evicted", e.Gateway, "incarnation", e.Incarnation, "sequence", ack.Sequence)
			if e.Gateway != k.id {
				k.tell("evicted gateway " + e.Gateway + ": its lease had run out")
			}
		}
	})
	if err != nil {
		k.log.Debug("eviction not sent", "gateway", e.Gateway, "error", err)
	}
}

// settle finds out about a gateway that owns a bus by a record that is younger than its end.
func (k *keeper) settle(ctx context.Context, gateway string) {
	k.do(ctx, func() {
		if e, ok := k.evictor.Settle(k.clock.Now(), gateway); ok {
			k.evict(e, false)
		}
	})
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

// probeHeader lets a probe go by itself.
func probeHeader() nats.Header { return nats.Header{jetstream.MsgTTLHeader: {probeLife}} }
