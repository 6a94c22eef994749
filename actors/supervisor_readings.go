package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// storeRetry is the first delay after the store failed; it doubles up to
	// maxStoreRetry, and is jittered so that a fleet does not come back as one.
	storeRetry    = 100 * time.Millisecond
	maxStoreRetry = 5 * time.Second
)

// readings is the part of a supervisor between its device and the store.
type readings struct {
	sampler  sampler
	outbox   outbox
	failures int         // attempts to store that failed in a row
	timer    *time.Timer // until the next attempt
	dropping bool        // dropped since something was last stored
}

// sampled takes samples: checks them, and puts what is to be published in the outbox.
func (s *supervisor) sampled(ctx actor.Context, msg *sampled) {
	o := &s.readings.outbox
	s.skip(msg.losses.collect())
	o.expect(len(msg.samples))
	before, dropped := o.last, 0
	limit, now := s.charge.spec.OutboxSize(), s.env.now()
	for i := range msg.samples {
		publish, known := s.readings.sampler.check(s.charge.model, &msg.samples[i], s.env.instantOf(msg.samples[i].At), now)
		if !known {
			s.unknownResource(msg.samples[i].Resource)
		}
		if publish {
			dropped += o.add(&msg.samples[i], s.env.uptime.of(&msg.samples[i], msg.ahead), limit)
		}
	}
	if msg.done != nil {
		o.await(before, msg.done)
	}
	s.dropped(uint64(dropped), "the outbox is full")
	if msg.good && msg.incarnation == s.incarnation && !s.stopping {
		s.lastSeen = s.env.wall().UnixNano()
		s.noteWell()
	}
	s.flush(ctx)
	s.observe(ctx, msg.samples)
	s.recheck(ctx)
	if s.desire != nil {
		s.desire.saw(msg.samples, now)
		s.reconcile(ctx)
	}
}

func (s *supervisor) unknownResource(name string) {
	s.lastErrorAt = s.env.wall()
	s.lastError = roostv1.Errorf(roostv1.ErrInvalid, "driver %s sent a sample of %q, which profile %s does not have", s.charge.spec.Driver, name, s.charge.model.profile.Id)
}

// lost declares what never became a reading.
func (s *supervisor) lost(msg *lost) {
	s.readings.outbox.missed += msg.polls
	if msg.polls > 0 {
		s.count().MissedPolls += msg.polls
		s.env.totals.missed.Add(msg.polls)
	}
	s.skip(msg.samples.collect())
}

// skip declares samples that were refused on their way here.
func (s *supervisor) skip(n uint64) {
	if n > 0 {
		s.count().Refused += n
		s.readings.outbox.skip(n)
		s.dropped(n, "the device sends more than is taken")
	}
}

// dropped counts readings dropped by policy; the first of a row makes an event.
func (s *supervisor) dropped(n uint64, why string) {
	if n == 0 {
		return
	}
	s.count().ReadingsDropped += n
	s.env.totals.dropped.Add(n)
	if !s.readings.dropping {
		s.readings.dropping = true
		s.tell(&roostv1.Event{
			Kind:    roostv1.EventKind_EVENT_KIND_READINGS_DROPPED,
			Message: "readings are dropped, and declared: " + why,
		})
	}
}

// flush gives the store the next batch, if none is in flight.
func (s *supervisor) flush(ctx actor.Context) {
	batch := s.readings.outbox.take(s.shutting && s.child == nil)
	if batch == nil {
		return
	}
	batch.DeviceId = s.charge.spec.Id
	batch.Profile = s.charge.model.profile.Id
	batch.ProfileRevision = s.charge.model.profile.Revision
	batch.Gateway = s.env.id
	batch.Epoch = s.charge.epoch
	s.env.date(batch)
	s.give(ctx)
}

// give hands the batch in flight to the store, for the first time or again.
func (s *supervisor) give(ctx actor.Context) {
	self, env := ctx.Self(), s.env
	failpoint("reading.before-spool", s.charge.spec.Id)
	env.store.Store(s.readings.outbox.inFlight, func(err error) { env.send(self, &stored{err: err}) })
}

// stored takes the store's answer.
func (s *supervisor) stored(ctx actor.Context, err error) {
	r := &s.readings
	if err != nil {
		s.storeFailed(ctx, err)
		return
	}
	r.failures, r.dropping = 0, false
	failpoint("reading.after-spool-before-ack-device", s.charge.spec.Id)
	stored := uint64(r.outbox.stored())
	s.storedCount += stored
	s.env.totals.stored.Add(stored)
	if s.env.storeFailing.CompareAndSwap(true, false) {
		s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_STORE_RECOVERED, Message: "readings are stored again"})
	}
	s.flush(ctx)
	if s.shutting {
		s.advance(ctx)
	}
}

func (s *supervisor) storeFailed(ctx actor.Context, err error) {
	r := &s.readings
	if errors.Is(err, roostv1.ErrInvalid) {
		s.dropped(uint64(r.outbox.reject()), err.Error())
		s.flush(ctx)
		return
	}
	if s.env.storeFailing.CompareAndSwap(false, true) {
		s.tell(&roostv1.Event{
			Kind:    roostv1.EventKind_EVENT_KIND_STORE_FAILING,
			Message: fmt.Sprintf("readings are kept in memory and tried again: %v", err),
			Status:  roostv1.StatusOf(err),
		})
	}
	delay := min(storeRetry<<min(r.failures, 10), maxStoreRetry)
	r.failures++
	r.timer = s.env.after(delay/2+time.Duration(float64(delay/2)*s.env.dice()), ctx.Self(), &storeAgain{})
}

func (s *supervisor) storeAgain(ctx actor.Context) {
	if s.readings.outbox.inFlight != nil {
		s.give(ctx)
	}
}

// drain stores what is left, waits for the records that are under way, and then ends the supervisor.
func (s *supervisor) drain(ctx actor.Context) {
	s.flush(ctx)
	if s.readings.outbox.idle() && s.commands.idle() && s.commands.quiet() {
		ctx.Stop(ctx.Self())
	}
}
