package rig_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// The answer to a close is waited for: then the device is free for its next owner.
func TestCloseWaitsForItsAnswer(t *testing.T) {
	p := listen(t)
	s, l := open(t, newDriver(), p, p.device("d1"), 0)
	wait := begin(t, func(ctx context.Context) (any, error) { return nil, s.Close(ctx) })
	call, m := next[*wire.Close](t, l)
	if m.Session != 1 {
		t.Errorf("closed session %d, want 1", m.Session)
	}
	l.answer(t, call, &wire.Ack{})
	if _, err := wait(); err != nil {
		t.Error(err)
	}
	l.ended(t)
}

func TestCloseIsBoundedByItsContext(t *testing.T) {
	p := listen(t)
	s, l := open(t, newDriver(), p, p.device("d1"), 0)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
	next[*wire.Close](t, l)
	l.ended(t)
}

// A connection that broke fails what was under way, and no more: the next call opens a new one.
func TestBrokenConnectionIsOpenedAnew(t *testing.T) {
	p := listen(t)
	s, l := open(t, newDriver(), p, p.device("d1"), 0)
	wait := begin(t, poll(s, "value"))
	next[*wire.Read](t, l)
	_ = l.Close()
	if got, err := wait(); err == nil {
		t.Errorf("got %v, want an error", got)
	}

	action := begin(t, actuate(s, dose("c-1")))
	l = p.accept(t)
	l.greet(t, 0)
	call, m := next[*wire.Write](t, l)
	if m.Command != "c-1" || m.Attempt != 1 {
		t.Errorf("the driver sent %+v, want the first attempt at c-1", m)
	}
	l.answer(t, call, &wire.Ack{})
	if _, err := action(); err != nil {
		t.Errorf("after the connection broke: %v", err)
	}
}

func TestNotSentWithoutHardware(t *testing.T) {
	p := listen(t)
	s, l := open(t, newDriver(), p, p.device("d1"), 0)
	wait := begin(t, poll(s, "value"))
	next[*wire.Read](t, l)
	_ = p.Close()
	_ = l.Close()
	if got, err := wait(); err == nil {
		t.Errorf("got %v, want an error", got)
	}
	if _, err := s.Actuate(t.Context(), dose("c-1")); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("got %v, want ErrNotSent", err)
	}
}

// A gateway with nothing to say is heard all the same.
func TestQuietSessionIsHeard(t *testing.T) {
	p := listen(t)
	_, l := open(t, newDriver(), p, p.device("d1"), 40*time.Millisecond)
	for range 3 {
		call, _ := next[*wire.Ping](t, l)
		l.answer(t, call, &wire.Ack{})
	}
}

// Hardware that takes everything and never answers is found out, long before the call's own end.
func TestSilentHardware(t *testing.T) {
	p := listen(t)
	s, _ := open(t, newDriver(), p, p.device("d1"), 40*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := s.Poll(ctx, []string{"value"}); err == nil || ctx.Err() != nil {
		t.Errorf("got %v, %v, want an error before the context ends", got, err)
	}
}

func TestShare(t *testing.T) {
	p, d := listen(t), newDriver()
	first, l := open(t, d, p, p.device("d1", "share", "true"), 0)
	wait := begin(t, func(ctx context.Context) (actors.Session, error) { return d.Open(ctx, p.device("d2", "share", "true")) })
	if got := l.open(t, 2); got != "d2" {
		t.Errorf("opened %s, want d2", got)
	}
	s, err := wait()
	if err != nil {
		t.Fatal(err)
	}
	second := released(t, s)

	// Calls of both are under way at a time, and answered in any order.
	slow, fast := begin(t, poll(first, "value")), begin(t, poll(second, "value"))
	calls := make(map[uint64]uint64) // by session
	for range 2 {
		call, m := next[*wire.Read](t, l)
		calls[m.Session] = call
	}
	l.answer(t, calls[2], &wire.Values{Values: []*roostv1.Value{roostv1.Int(2)}})
	l.answer(t, calls[1], &wire.Values{Values: []*roostv1.Value{roostv1.Int(1)}})
	for i, wait := range []func() ([]actors.Sample, error){slow, fast} {
		if got, err := wait(); err != nil || got[0].Value.GetInt() != int64(i+1) {
			t.Errorf("session %d: got %v, %v, want %d", i+1, got, err, i+1)
		}
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := first.Close(ended); err != nil { // says nothing
		t.Error(err)
	}
	closing := begin(t, func(ctx context.Context) (any, error) { return nil, second.Close(ctx) })
	call, m := next[*wire.Close](t, l)
	if m.Session != 2 {
		t.Errorf("closed session %d, want 2", m.Session)
	}
	l.answer(t, call, &wire.Ack{})
	if _, err := closing(); err != nil {
		t.Error(err)
	}
	l.ended(t) // the last one out
}

// What must end when the gateway says so does not hang on a connection that others keep.
func TestExclusiveSessionIsNotShared(t *testing.T) {
	p, d := listen(t), newDriver()
	open(t, d, p, p.device("d1", "share", "true"), 0)
	exclusive := p.device("d2", "share", "true")
	exclusive.Spec.ExclusiveSession = true
	s, l := open(t, d, p, exclusive, 0) // a connection of its own
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ended); err != nil {
		t.Error(err)
	}
	l.ended(t)
}

// A shared connection that broke is made once for all that were on it.
func TestSharedConnectionIsOpenedAnewOnce(t *testing.T) {
	p, d := listen(t), newDriver()
	sessions := make([]session, 3)
	s, l := open(t, d, p, p.device("d1", "share", "true"), 0)
	sessions[0] = s
	for i := 1; i < len(sessions); i++ {
		device := p.device(fmt.Sprintf("d%d", i+1), "share", "true")
		wait := begin(t, func(ctx context.Context) (actors.Session, error) { return d.Open(ctx, device) })
		l.open(t, uint64(i+1))
		opened, err := wait()
		if err != nil {
			t.Fatal(err)
		}
		sessions[i] = released(t, opened)
	}
	waits := make([]func() ([]actors.Sample, error), len(sessions))
	for i, s := range sessions {
		waits[i] = begin(t, poll(s, "value"))
		next[*wire.Read](t, l)
	}
	_ = l.Close()
	for i, wait := range waits {
		if _, err := wait(); err == nil {
			t.Errorf("session %d: no error", i)
		}
	}

	for i, s := range sessions {
		waits[i] = begin(t, poll(s, "value"))
	}
	l = p.accept(t)
	l.greet(t, 0)
	for served := 0; served < len(sessions); { // in any order: the other two open, all three read
		f, err := l.frames.Next()
		if err != nil {
			t.Fatal(err)
		}
		switch f.Message.(type) {
		case *wire.Open:
			l.answer(t, f.Call, &wire.Opened{Session: f.Call})
		case *wire.Read:
			l.answer(t, f.Call, &wire.Values{Values: make([]*roostv1.Value, 1)})
			served++
		default:
			t.Fatalf("the driver sent a %T", f.Message)
		}
	}
	for i, wait := range waits {
		if _, err := wait(); err != nil {
			t.Errorf("session %d: %v", i, err)
		}
	}
}

// More is to be sent than the connection takes, as nobody reads. Of what is said not to have been sent,
// the hardware finds no byte when it goes on.
func TestNotSentIsCertain(t *testing.T) {
	p := listen(t)
	s, l := open(t, newDriver(), p, p.device("d1"), 0)
	var errs []error
	for !slices.ContainsFunc(errs, isNotSent) { // how much fits is the kernel's affair
		errs = append(errs, crowd(t, s, len(errs))...)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Close(ended); err != nil {
		t.Error(err)
	}
	stream, err := io.ReadAll(l)
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		found := bytes.Contains(stream, []byte(writeName(i)))
		switch {
		case err == nil || errors.Is(err, actors.ErrRefused):
			t.Errorf("write %d: got %v, though nobody answered", i, err)
		case isNotSent(err) && found:
			t.Errorf("write %d was sent, and said not to be", i)
		case !isNotSent(err) && !found:
			t.Errorf("write %d was not sent, and not said to be so: %v", i, err)
		}
	}
}

// crowd makes many writes at a time, with names from that number on.
func crowd(t *testing.T, s session, from int) []error {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	payload := roostv1.Bytes(make([]byte, 1000))
	errs := make([]error, 2000)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = s.Actuate(ctx, actors.Action{Resource: writeName(from + i), Value: payload}) })
	}
	all.Wait()
	return errs
}

func writeName(i int) string { return fmt.Sprintf("<write-%d>", i) }

func isNotSent(err error) bool { return errors.Is(err, actors.ErrNotSent) }
