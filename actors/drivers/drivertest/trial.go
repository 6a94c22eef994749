package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors"
)

// trial is a driver under test.
type trial struct {
	driver actors.Driver
	device actors.Device
	Options
}

// label marks the goroutines of calls, and all that these start.
const label = "drivertest"

// mark is the value of the label: this trial's own, so that others may run beside.
func (t *trial) mark() string { return fmt.Sprintf("%p", t) }

// call makes one call of the driver under a context that ends after limit. It
// returns the call's error, or what else went wrong: a panic, or no return within
// grace of the context's end. Then the call is abandoned.
func (t *trial) call(ctx context.Context, limit time.Duration, what string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	returned := make(chan error, 1)
	go pprof.Do(ctx, pprof.Labels(label, t.mark()), func(ctx context.Context) {
		defer func() {
			if r := recover(); r != nil {
				returned <- fmt.Errorf("%s %w: %v", what, errPanicked, r)
			}
		}()
		returned <- f(ctx)
	})
	timer := time.NewTimer(max(limit, 0) + t.Grace)
	defer timer.Stop()
	select {
	case err := <-returned:
		return err
	case <-timer.C:
		return fmt.Errorf("%s: %w", what, errIgnored)
	}
}

// Errors of calls that did not end as a call ends, whatever it returns.
var (
	errIgnored  = errors.New("it ignored the end of its context") // it was abandoned
	errPanicked = errors.New("panicked")
)

// isDefect tells whether a call ended in a way in which no call may.
func isDefect(err error) bool { return errors.Is(err, errIgnored) || errors.Is(err, errPanicked) }

// open opens a session with d under a context that has ended when it returns.
func (t *trial) open(ctx context.Context, d actors.Device) (actors.Session, error) {
	var session actors.Session
	err := t.call(ctx, t.Timeout, "Open", func(ctx context.Context) error {
		s, err := t.driver.Open(ctx, d)
		if err == nil && s == nil {
			return errors.New("it returned neither a session nor an error")
		}
		session = s
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return session, nil
}

// close ends a session.
func (t *trial) close(ctx context.Context, s actors.Session) error {
	if err := t.call(ctx, t.Timeout, "Close", s.Close); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// with opens the device, makes use of the session, and closes it.
func (t *trial) with(ctx context.Context, use func(actors.Session) error) error {
	session, err := t.open(ctx, t.device)
	if err != nil {
		return err
	}
	return errors.Join(use(session), t.close(ctx, session))
}

// leftovers returns an error if goroutines that calls started are there still
// after grace. To list goroutines stops all of them, so it looks less and less often.
func (t *trial) leftovers() error {
	start := time.Now()
	for pause := time.Millisecond; ; pause *= 2 {
		stacks, err := marked(t.mark())
		if err != nil || stacks == "" {
			return err
		}
		if time.Since(start) >= t.Grace {
			return fmt.Errorf("goroutines are left:\n%s", stacks)
		}
		<-time.After(pause)
	}
}

// marked returns the stacks of the goroutines with that mark.
func marked(mark string) (string, error) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return "", fmt.Errorf("list goroutines: %w", err)
	}
	var found []string
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, fmt.Sprintf("%q:%q", label, mark)) {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n"), nil
}
