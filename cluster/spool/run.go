package spool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	watchInterval = 250 * time.Millisecond
	// maxFlaws is how often in a row the embedded server may look unwell.
	maxFlaws = 4
	// retryDisk is how long a disk that failed is left alone at first; it doubles up to maxRetryDisk.
	retryDisk    = 250 * time.Millisecond
	maxRetryDisk = 30 * time.Second
	// wellAfter is how long it has to work before a failure counts as the first again.
	wellAfter = time.Minute
)

// Run sends on what is stored until ctx ends, and then ends in order: what was taken is on disk, and what is on its way
// is waited for, half a second at most. A disk that fails is tried again for as long as Run runs. Run is called once,
// and returns nil.
func (s *Spool) Run(ctx context.Context) error {
	delay := retryDisk
	for ctx.Err() == nil {
		began := time.Now()
		reason := s.serve(ctx)
		if ctx.Err() != nil {
			break
		}
		s.shut()
		s.failed(reason)
		if time.Since(began) > wellAfter {
			delay = retryDisk
		}
		if !sleep(ctx, delay/2+rand.N(delay)) {
			break
		}
		delay = min(2*delay, maxRetryDisk)
		_ = s.start(ctx) // it tells itself
	}
	s.shut()
	s.become(roostv1.SpoolState_SPOOL_STATE_OFF, "the gateway is stopping")
	return s.folder.release()
}

// start starts the embedded server on what is on disk. It takes readings if the disk can be written to; if that is only
// full, what is there is sent on all the same, which makes room.
func (s *Spool) start(ctx context.Context) error {
	if err := s.folder.acquire(); err != nil {
		s.failed(err)
		return err
	}
	probe := s.folder.probe()
	if probe == nil {
		probe = s.folder.reserve()
	} else if full(probe) {
		s.folder.free()
	}
	e, err := startEngine(ctx, s.config, s.folder.store(), s.forward.came)
	if err == nil {
		if err = s.restore(ctx, e); err != nil {
			e.close()
		}
	}
	if err != nil {
		s.failed(errors.Join(probe, err))
		return err
	}
	s.engine = e
	if probe != nil {
		s.failed(probe)
		return nil
	}
	s.take(e)
	return nil
}

// take lets readings into the spool.
func (s *Spool) take(e *engine) {
	s.mu.Lock()
	s.taking = e
	s.mu.Unlock()
	s.become(roostv1.SpoolState_SPOOL_STATE_OK, "")
}

// bypassed reports whether readings go straight to the sink. What is sent then makes room, so that it is removed soon.
func (s *Spool) bypassed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taking == nil
}

// shut ends the embedded server, if there is one. Readings go straight to the sink from now on.
func (s *Spool) shut() {
	s.mu.Lock()
	s.taking = nil
	s.mu.Unlock()
	if s.engine != nil {
		s.engine.close()
		s.engine = nil
	}
}

// failed tells why nothing is taken.
func (s *Spool) failed(err error) {
	state, why := roostv1.SpoolState_SPOOL_STATE_FAILING, "no reason is known"
	if err != nil {
		why = err.Error()
	}
	if full(err) {
		state = roostv1.SpoolState_SPOOL_STATE_FULL
		why = fmt.Sprintf("no room on the disk of %s", s.folder.path)
	}
	s.become(state, why)
}

// serve stores and sends on until ctx ends, or the embedded server is of no more use, and returns why.
func (s *Spool) serve(ctx context.Context) error {
	e := s.engine
	if e == nil {
		return errors.New(s.reason())
	}
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	var group errgroup.Group
	stored := make(chan struct{}) // closed when nothing is stored any more
	group.Go(func() error {
		defer close(stored)
		storing, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(work, stop)()
		return e.store.Run(storing)
	})
	group.Go(func() error {
		err := s.forward.run(work, stored, e)
		cancel(err)
		return nil
	})
	group.Go(func() error {
		err := s.watch(work, e)
		if err == nil {
			return nil
		}
		s.mu.Lock()
		s.taking = nil
		s.mu.Unlock()
		cancel(err)
		e.nc.Close() // nobody needs to wait for answers that will not come
		return nil
	})
	_ = group.Wait()
	if cause := context.Cause(work); cause != nil && !errors.Is(cause, context.Canceled) {
		if probe := s.folder.probe(); probe != nil {
			return probe // the reason behind what the server said
		}
		return cause
	}
	return nil
}

func (s *Spool) reason() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}

// watch returns why the embedded server is of no more use, or nil when ctx ends. Where it only sends on, it sees
// whether the disk can be written to again.
func (s *Spool) watch(ctx context.Context, e *engine) error {
	flaws := 0 // in a row
	for tick := 1; sleep(ctx, watchInterval); tick++ {
		flaw, certain := e.flaw()
		if flaw == "" {
			flaws = 0
		} else if flaws++; certain || flaws >= maxFlaws {
			return errors.New(flaw)
		}
		if s.bypassed() && tick%8 == 0 && s.folder.probe() == nil && s.folder.reserve() == nil {
			s.take(e)
		}
	}
	return nil
}
