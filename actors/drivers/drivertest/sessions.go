package drivertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors"
)

// checkOpen judges what Open returns.
func checkOpen(ctx context.Context, t *trial) error {
	return t.with(ctx, func(s actors.Session) error {
		_, polls := s.(actors.Poller)
		_, pushes := s.(actors.Pusher)
		_, acts := s.(actors.Actuator)
		var broken []error
		if len(t.readable()) > 0 && !polls && !pushes {
			broken = append(broken, fmt.Errorf("%T is neither a Poller nor a Pusher, but the profile has readable resources", s))
		}
		if t.commandable() && !acts {
			broken = append(broken, fmt.Errorf("%T is no Actuator, but the profile has commands or writable resources", s))
		}
		return errors.Join(broken...)
	})
}

// checkClose judges Close, also under a context that has ended: it has to free what the
// session holds all the same.
func checkClose(ctx context.Context, t *trial) error {
	unused := t.with(ctx, func(actors.Session) error { return nil })
	session, err := t.open(ctx, t.device)
	if err != nil {
		return errors.Join(unused, err)
	}
	late := t.call(ctx, -1, "Close", func(ctx context.Context) error {
		_ = session.Close(ctx) // It may complain.
		return nil
	})
	again := t.with(ctx, func(actors.Session) error { return nil })
	return errors.Join(unused, late, again, t.closeWhileBusy(ctx))
}

// closeWhileBusy judges Close while a call runs that was abandoned: both have to end, the call at the latest with its context.
func (t *trial) closeWhileBusy(ctx context.Context) error {
	session, err := t.open(ctx, t.device)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- t.busy(running, session, begun) }()
	<-begun
	closed := t.close(ctx, session)
	stop()
	return errors.Join(closed, <-ended)
}

// busy makes a long call, if the session has one, and says when it has begun. What it returns is of no interest.
func (t *trial) busy(ctx context.Context, s actors.Session, begun chan<- struct{}) error {
	call := func(what string, f func(context.Context)) error {
		const longer = 2 // than Close is waited for
		return t.call(ctx, longer*(t.Timeout+t.Grace), what+" while it is closed", func(ctx context.Context) error { f(ctx); return nil })
	}
	switch s := s.(type) {
	case actors.Pusher:
		sink := newSink()
		go func() {
			select {
			case <-sink.arrived:
			case <-time.After(t.Grace):
			}
			close(begun)
		}()
		return call("Push", func(ctx context.Context) { _ = s.Push(ctx, sink) })
	case actors.Poller:
		return call("Poll", func(ctx context.Context) { close(begun); _, _ = s.Poll(ctx, t.readable()) })
	}
	close(begun)
	return nil
}

// checkAway judges what becomes of a device that is not there: an error, in time, from Open or from whatever is asked of it.
func checkAway(ctx context.Context, t *trial) error {
	if t.Away.Spec == nil {
		return nil
	}
	session, err := t.open(ctx, t.Away)
	if err != nil {
		if isDefect(err) {
			return err
		}
		return nil
	}
	return errors.Join(t.nothingFrom(ctx, session), t.close(ctx, session))
}

// nothingFrom judges the session with a device that is away.
func (t *trial) nothingFrom(ctx context.Context, s actors.Session) error {
	var broken []error
	if p, ok := s.(actors.Poller); ok {
		var samples []actors.Sample
		err := t.call(ctx, t.Timeout, "Poll", func(ctx context.Context) (err error) {
			samples, err = p.Poll(ctx, readable(t.Away.Profile))
			return err
		})
		if isDefect(err) || err == nil && countGood(samples) > 0 {
			broken = append(broken, fmt.Errorf("poll of a device that is away: %w, and %d good samples", orNone(err), countGood(samples)))
		}
	}
	if a, ok := s.(actors.Actuator); ok && len(t.Actions) > 0 {
		if err := t.act(ctx, a, t.Actions[0]); err == nil || isDefect(err) {
			broken = append(broken, fmt.Errorf("%s at a device that is away: %w", describe(t.Actions[0]), orNone(err)))
		}
	}
	return errors.Join(broken...)
}

// limits are the deadlines that calls must keep: passed already, and soon.
var limits = [...]time.Duration{-1, time.Microsecond, time.Millisecond}

// checkDeadline judges whether calls end with their contexts. What they return is
// of no interest: they may have been fast enough.
func checkDeadline(ctx context.Context, t *trial) error {
	var broken []error
	for _, limit := range limits {
		var session actors.Session
		err := t.call(ctx, limit, "Open", func(ctx context.Context) error {
			session, _ = t.driver.Open(ctx, t.device)
			return nil
		})
		if err != nil {
			// The abandoned call may still write session.
			broken = append(broken, err)
			continue
		}
		if session != nil {
			broken = append(broken, t.close(ctx, session))
		}
		broken = append(broken, t.with(ctx, func(s actors.Session) error { return t.hurry(ctx, s, limit) }))
	}
	return errors.Join(broken...)
}

// hurry makes one call of each kind under a deadline that it can hardly keep.
func (t *trial) hurry(ctx context.Context, s actors.Session, limit time.Duration) error {
	var broken []error
	hurried := func(what string, f func(context.Context)) {
		err := t.call(ctx, limit, what, func(ctx context.Context) error { f(ctx); return nil })
		broken = append(broken, err)
	}
	if p, ok := s.(actors.Poller); ok {
		hurried("Poll", func(ctx context.Context) { _, _ = p.Poll(ctx, t.readable()) })
	}
	if p, ok := s.(actors.Pusher); ok {
		hurried("Push", func(ctx context.Context) { _ = p.Push(ctx, newSink()) })
	}
	if a, ok := s.(actors.Actuator); ok && len(t.Actions) > 0 {
		hurried("Actuate", func(ctx context.Context) { _, _ = a.Actuate(ctx, t.Actions[0]) })
	}
	return errors.Join(broken...)
}

// checkMany judges whether devices can be opened, polled and closed beside each other.
func checkMany(ctx context.Context, t *trial) error {
	var wg sync.WaitGroup
	broken := make([]error, max(t.Many, 0))
	for i := range broken {
		wg.Go(func() { broken[i] = t.one(ctx, t.Another(i)) })
	}
	wg.Wait()
	return errors.Join(broken...)
}

// one opens, polls and closes one of many devices.
func (t *trial) one(ctx context.Context, d actors.Device) error {
	session, err := t.open(ctx, d)
	if err != nil {
		return fmt.Errorf("device %s: %w", d.Spec.GetId(), err)
	}
	if p, ok := session.(actors.Poller); ok {
		err = t.call(ctx, t.Timeout, "Poll", func(ctx context.Context) error {
			_, err := p.Poll(ctx, readable(d.Profile))
			return err
		})
	}
	if err = errors.Join(err, t.close(ctx, session)); err != nil {
		return fmt.Errorf("device %s: %w", d.Spec.GetId(), err)
	}
	return nil
}
