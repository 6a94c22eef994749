package spool

import (
	"time"
)

// launch gives the sink what waits in a lane, as much as it may, and returns how long the backfill has to wait.
func (f *forwarder) launch(l *lane) (wait time.Duration) {
	most := maxFlying
	if l.backfill {
		most = f.pace.flying()
	}
	for len(l.ready) > 0 && l.flying < most {
		if l.backfill {
			if wait := f.pace.wait(time.Now()); wait > 0 {
				return wait
			}
		}
		device := l.ready[0]
		l.ready = l.ready[1:]
		flight := f.next(l, device)
		if flight == nil {
			continue
		}
		if l.backfill {
			f.pace.spend(len(flight.batch.Readings))
		}
		f.start(flight)
	}
	return 0
}

// next makes the next batch of a device; nil if it has none to be sent now.
func (f *forwarder) next(l *lane, device string) *flight {
	q := l.devices[device]
	if q == nil || q.flight != nil {
		return nil
	}
	for len(q.waiting) > 0 && f.ledger.Has(q.waiting[0].sequence) { // dropped meanwhile
		l.drop(q.waiting[0])
		q.waiting = q.waiting[1:]
	}
	if len(q.waiting) == 0 {
		delete(l.devices, device)
		return nil
	}
	if l.backfill && f.overtaken(device, q.waiting[0].sequence) {
		return nil // it goes on when that has landed
	}
	head := q.waiting[0].batch
	owed := f.owed(device)
	if owed != nil && owed.To != begin(head) && l.backfill && owed.before(head.Epoch, begin(head)) {
		return f.declaring(device, *owed)
	}
	if owed != nil && owed.declare(head) {
		flight := l.take(device, q)
		flight.debt = owed
		return flight
	}
	return l.take(device, q)
}

// owed returns the debt of a device that is to be declared next; nil if there is none, or it is being declared.
func (f *forwarder) owed(device string) *debt {
	if f.declare[device] {
		return nil
	}
	if debts := f.s.debts(device); len(debts) > 0 {
		return &debts[0]
	}
	return nil
}

// before reports whether what is owed comes before a sequence.
func (p debt) before(epoch, sequence uint64) bool {
	return p.Epoch < epoch || p.Epoch == epoch && p.To <= sequence
}

// declaring is a batch that only declares.
func (f *forwarder) declaring(device string, owed debt) *flight {
	return &flight{lane: f.back, device: device, batch: owed.batch(device), debt: &owed}
}

// launchDebts declares what is owed by devices that have nothing else to be sent late.
func (f *forwarder) launchDebts() {
	if f.back.next <= f.back.end {
		return
	}
	for _, device := range f.s.debtors() {
		if q := f.back.devices[device]; q != nil {
			continue
		}
		if owed := f.owed(device); owed != nil {
			f.start(f.declaring(device, *owed))
		}
	}
}

// start gives a new batch to the sink.
func (f *forwarder) start(flight *flight) {
	f.flights[flight] = struct{}{}
	for _, sequence := range flight.sequences {
		f.claimed[sequence] = flight
	}
	if flight.debt != nil {
		f.declare[flight.device] = true
	}
	flight.lane.launch(flight)
	f.give(flight)
}

// give gives a batch to the sink, for the first time or again.
func (f *forwarder) give(flight *flight) {
	f.mark(flight)
	failpoint("reading.before-pub", flight.device)
	flight.sent, flight.due = time.Now(), time.Time{}
	f.s.config.Sink.Store(flight.batch, func(err error) {
		f.mu.Lock()
		f.answers = append(f.answers, answer{flight, time.Now(), err})
		f.mu.Unlock()
		f.signal()
	})
}

// settled notes that the hub has a batch.
func (s *Spool) settled(flight *flight) {
	failpoint("reading.after-puback-before-spool-trim", flight.device)
	if flight.debt != nil {
		s.paid(flight.device, *flight.debt)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(flight.batch.Readings); n > 0 { // also one whose own storing was never answered
		s.marks.reached(flight.device, flight.batch.Epoch, end(flight.batch)-1)
		s.lessLocked(n)
	}
}
