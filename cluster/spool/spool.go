package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Spool keeps readings on disk until the hub has them. It is an actors.Store.
//
// Store, Last and Status may be called by any goroutine, also before Run and after it.
type Spool struct {
	config Config
	folder *folder
	clock  boottime.Clock

	forward *forwarder
	engine  *engine // that Run is to begin with; nil: none could be started. Belongs to Run

	mu        sync.Mutex
	taking    *engine // that takes readings; nil: they go straight to the sink
	state     roostv1.SpoolState
	why       string
	marks     *marks
	owing     map[string]struct{} // devices with debts
	waiting   uint64              // readings
	estimated bool                // that is an estimate, until none wait
	bytes     uint64
	oldest    time.Duration

	toldDropped time.Time // belongs to Run
}

// Open opens the spool in a folder. The error is about the configuration, or ErrInUse. A disk that cannot be used is
// none: the spool then lets readings through to the sink, and tries again while Run runs.
func Open(c Config) (*Spool, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	clock, err := boottime.Open()
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	if mutant("drop-without-declaring") {
		c.MaxBytes = 16 << 10 // so that there is something to drop soon
	}
	s := &Spool{
		config: c, clock: clock, folder: &folder{path: c.Folder},
		marks: newMarks(), owing: map[string]struct{}{},
	}
	s.forward = newForwarder(s)
	if err := s.start(context.Background()); errors.Is(err, ErrInUse) {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	return s, nil
}

// Close ends a spool that Run was not called for, or has returned.
func (s *Spool) Close() error {
	s.shut()
	return s.folder.release()
}

// Store takes a batch without waiting and calls done exactly once, from any goroutine: with nil when the batch is
// durable on this disk, or at the hub where the disk fails. It is then sent on, in the order of its device, and not
// lost. Otherwise the error says why that is not known, and the batch is to be given again, unchanged: ErrInvalid for
// one that can never be stored, ErrUnavailable where neither the disk nor the hub takes it. The batch must not be
// changed before done is called. Batches of one device are given one at a time. done must not block.
func (s *Spool) Store(batch *roostv1.ReadingBatch, done func(error)) {
	s.mu.Lock()
	e, why := s.taking, s.why
	s.mu.Unlock()
	if e == nil {
		s.bypass(batch, why, done)
		return
	}
	if mutant("ack-before-stored") {
		e.store.Store(batch, func(error) {})
		done(nil)
		return
	}
	e.store.Store(batch, func(err error) {
		if err == nil {
			s.stored(batch)
		}
		done(err)
	})
}

// stored notes that a batch is durable here.
func (s *Spool) stored(b *roostv1.ReadingBatch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks.reached(b.DeviceId, b.Epoch, end(b)-1)
	s.waiting += uint64(len(b.Readings))
}

// bypass gives a batch straight to the sink.
func (s *Spool) bypass(batch *roostv1.ReadingBatch, why string, done func(error)) {
	if !s.config.Link.IsConnected() {
		done(roostv1.Errorf(roostv1.ErrUnavailable, "the hub is away, and the gateway's disk takes no readings: %s", why))
		return
	}
	s.config.Sink.Store(batch, func(err error) {
		if err == nil {
			s.mu.Lock()
			s.marks.reached(batch.DeviceId, batch.Epoch, end(batch)-1)
			s.mu.Unlock()
		}
		done(err)
	})
}

// Last returns the last sequence of a device that is or was durable here under an epoch; 0 if none was. It is
// remembered of the last eight epochs of a device, also when the readings themselves are long gone.
func (s *Spool) Last(device string, epoch uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marks.last(device, epoch)
}

// owe notes that a batch was dropped.
func (s *Spool) owe(b *roostv1.ReadingBatch) {
	if mutant("drop-without-declaring") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks.owe(b)
	s.owing[b.DeviceId] = struct{}{}
}

// debts are what a device has to declare.
func (s *Spool) debts(device string) []debt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]debt(nil), s.marks.debts(device)...)
}

// paid notes that a debt was declared.
func (s *Spool) paid(device string, d debt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks.paid(device, d)
	if len(s.marks.debts(device)) == 0 {
		delete(s.owing, device)
	}
}

// debtors are the devices with debts.
func (s *Spool) debtors() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for device := range s.owing {
		all = append(all, device)
	}
	return all
}

// left notes that readings wait no more.
func (s *Spool) left(readings int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lessLocked(readings)
}

// lessLocked takes readings off those that wait. An estimate never says that none do.
func (s *Spool) lessLocked(readings int) {
	least := uint64(0)
	if s.estimated {
		least = 1
	}
	s.waiting -= min(s.waiting, uint64(readings))
	s.waiting = max(s.waiting, least)
}
