package spool

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// settle takes in what the sink answered.
func (f *forwarder) settle(ctx context.Context, now time.Time) error {
	f.mu.Lock()
	answers := f.answers
	f.answers = nil
	f.mu.Unlock()
	worked := false
	for _, a := range answers {
		worked = f.answered(a, now) || worked
	}
	if worked && !f.up && f.s.config.Link.IsConnected() {
		return f.raise(ctx, now)
	}
	return nil
}

// answered takes in an answer; true if the hub took the batch.
func (f *forwarder) answered(a answer, now time.Time) bool {
	flight := a.flight
	if _, ok := f.flights[flight]; !ok {
		return false
	}
	if a.err != nil && mutant("trim-before-acknowledged") {
		a.err = nil
	}
	if a.err != nil && !errors.Is(a.err, roostv1.ErrInvalid) {
		delay := min(retrySink<<min(flight.failures, 10), maxRetrySink)
		flight.failures++
		flight.due = now.Add(delay/2 + rand.N(delay))
		if f.up {
			f.lower(now)
		}
		if f.drain.on && !flight.lane.backfill && len(flight.sequences) > 0 {
			f.rest = flight.due
			f.giveUp(flight) // it is late by now, and what is before it goes first
		}
		return false
	}
	if flight.lane.backfill {
		f.pace.answered(now, a.at.Sub(flight.sent))
	}
	f.land(flight)
	if a.err != nil {
		f.refused(flight, a.err)
	}
	return a.err == nil
}

// land ends a flight: its messages need no more sending.
func (f *forwarder) land(flight *flight) {
	delete(f.flights, flight)
	for _, sequence := range flight.sequences {
		delete(f.claimed, sequence)
		f.ledger.AddOne(sequence)
	}
	f.s.settled(flight)
	if flight.debt != nil {
		delete(f.declare, flight.device)
	}
	f.landed(flight)
	f.keep.sent += len(flight.sequences)
	f.keep.changed = true
}

// landed takes a flight out of its lane, and has go on what waited for it.
func (f *forwarder) landed(flight *flight) {
	flight.lane.land(flight)
	if !flight.lane.backfill {
		f.back.wake(flight.device)
	}
}

// refused drops a batch that the hub will never take.
func (f *forwarder) refused(flight *flight, err error) {
	f.s.config.Logger.Error("the hub refuses readings for good", "device", flight.device, "error", err)
	if len(flight.batch.Readings) == 0 {
		return
	}
	f.s.owe(flight.batch)
	f.s.tellDropped(err.Error())
}
