package opcua_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func counter() *roostv1.Resource { return readOnly("counter", isUint, "node=ns=2;s=Counter") }

// hangs: of a server that stands still nothing is known, a monitored session fails in time, and when the server goes on so does a polled session.
func (p *peer) hangs(t *testing.T) {
	levelAt := resource("level", isDouble, "node=ns=2;s=Level")
	polled := open(t, p.device("", levelAt, counter()))
	secure := open(t, p.device(secured+"security=Basic256Sha256", counter()))
	into, ended := push(t, open(t, p.device("read=monitor interval=50ms silence=10", counter())))
	into.until(t, "counter", atLeast(3))
	p.Pause(t)
	stood := time.Now()
	brief := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(t.Context(), 400*time.Millisecond)
	}
	for _, s := range []actors.Session{polled, secure} {
		ctx, cancel := brief()
		if _, err := s.(actors.Poller).Poll(ctx, []string{"counter"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("polled while the server stood still: %v", err)
		}
		cancel()
	}
	ctx, cancel := brief()
	_, err := polled.(actors.Actuator).Actuate(ctx, setting("level", roostv1.Double(42)))
	cancel()
	if err == nil || errors.Is(err, actors.ErrNotSent) || errors.Is(err, actors.ErrRefused) {
		t.Errorf("written while the server stood still: %v", err)
	}
	select {
	case err := <-ended:
		if err.error == nil || !strings.Contains(err.Error(), "sign of life") {
			t.Errorf("monitoring ended with %v", err.error)
		}
		t.Logf("a monitored session that may be silent for 500ms failed %v after the server stood still", err.at.Sub(stood).Round(time.Millisecond))
	case <-time.After(10 * time.Second):
		t.Error("monitoring goes on")
	}
	ctx, cancel = brief()
	if _, err := newDriver().Open(ctx, p.device("", counter())); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("opened while the server stood still: %v", err)
	}
	cancel()
	p.Resume(t)
	went := time.Now()
	for _, s := range []actors.Session{polled, secure} {
		p.again(t, s)
	}
	t.Logf("stood still for %v, two sessions read again after %v", went.Sub(stood).Round(time.Millisecond), time.Since(went).Round(time.Millisecond))
	into, _ = push(t, open(t, p.device("read=monitor interval=50ms", counter())))
	into.until(t, "counter", atLeast(1))
	t.Logf("a new monitored session had values after %v", time.Since(went).Round(time.Millisecond))
	wantValues(t, polled, map[string]string{"level": "42"}) // it was done, and is seen to be
}

// again polls until the server answers.
func (p *peer) again(t *testing.T, s actors.Session) {
	t.Helper()
	late := time.Now().Add(20 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := s.(actors.Poller).Poll(ctx, []string{"counter"})
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(late) {
			t.Fatal(err)
		}
	}
}

// closesWhileItHangs: Close does not wait for a server that stands still, nor do the calls that it ends.
func (p *peer) closesWhileItHangs(t *testing.T) {
	s, err := newDriver().Open(t.Context(), p.device("", counter()))
	if err != nil {
		t.Fatal(err)
	}
	p.Pause(t)
	defer p.Resume(t)
	began := time.Now()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("Close took %v", took)
	} else {
		t.Logf("Close took %v", took.Round(time.Millisecond))
	}
}

// killed: sessions fail at once with their server, and new ones are there with it.
func (p *peer) killed(t *testing.T) {
	polled := open(t, p.device(secured+"security=Basic256Sha256", counter()))
	into, ended := push(t, open(t, p.device("read=monitor interval=50ms", counter())))
	into.until(t, "counter", atLeast(1))
	died := time.Now()
	p.Kill()
	if _, err := polled.(actors.Poller).Poll(t.Context(), []string{"counter"}); err == nil {
		t.Error("a server that was killed has answered")
	}
	select {
	case err := <-ended:
		t.Logf("monitoring ended %v after the server was killed: %v", err.at.Sub(died).Round(time.Millisecond), err.error)
	case <-time.After(10 * time.Second):
		t.Error("monitoring goes on")
	}
	if _, err := newDriver().Open(t.Context(), p.device("", counter())); err == nil {
		t.Error("opened without a server")
	}
	p.Restart(t)
	back := time.Now()
	p.again(t, polled)
	t.Logf("the polled session, which is a secure one, read again %v after the server was back", time.Since(back).Round(time.Millisecond))
	back = time.Now()
	into, _ = push(t, open(t, p.device("read=monitor interval=50ms", counter())))
	into.until(t, "counter", atLeast(1))
	t.Logf("a new monitored session had values after %v", time.Since(back).Round(time.Millisecond))
}

// slow: a slow value holds up its own request only.
func (p *peer) slow(t *testing.T) {
	s := open(t, p.device("", readOnly("slow", isDouble, "node=ns=2;s=Slow"), counter()))
	began := time.Now()
	got := make(chan map[string]string, 1)
	go func() {
		samples, err := s.(actors.Poller).Poll(t.Context(), []string{"slow"})
		if err != nil {
			t.Error(err)
		}
		got <- texts(samples)
	}()
	if value := (<-got)["slow"]; value != "5" {
		t.Errorf("a slow value is %s", value)
	}
	t.Logf("a value that its server has after 700ms came after %v", time.Since(began).Round(time.Millisecond))
}
