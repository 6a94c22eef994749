package actors_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// life notes what its actor goes through.
type life struct {
	mu     sync.Mutex
	notes  []string
	number int
}

func (l *life) produce() actor.Actor {
	l.number++
	n := l.number
	return actor.ReceiveFunc(func(ctx actor.Context) {
		if do, ok := ctx.Message().(func(actor.Context)); ok {
			do(ctx)
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.notes = append(l.notes, fmt.Sprintf("%d %T", n, ctx.Message()))
	})
}

func (l *life) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.NewReplacer("*actor.", "").Replace(strings.Join(l.notes, ", "))
}

// TestActorThatPanicsIsMadeAnew: whatever way it fails, it starts again after a while, with
// the messages that waited, and the process lives.
func TestActorThatPanicsIsMadeAnew(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic":  func() { panic("over") },
		"goexit": func() { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, drivers(&script{}))
				l := &life{}
				pid, err := b.Spawn(t.Context(), "controller", l.produce)
				if err != nil {
					t.Fatal(err)
				}
				b.post(pid, func(actor.Context) { fail() })
				b.post(pid, "waits")
				synctest.Wait()
				if got := l.String(); got != "1 Started" {
					t.Errorf("after the panic: %s, want 1 Started", got)
				}
				sleep(time.Minute)
				if got := l.String(); got != "1 Started, 1 Restarting, 2 Started, 2 string" {
					t.Errorf("after the restart: %s", got)
				}
				if events := b.told("", roostv1.EventKind_EVENT_KIND_INTERNAL); len(events) != 1 || !strings.Contains(events[0].Message, "controller") {
					t.Errorf("told %v, want one event that names the actor", events)
				}
				if err := b.stop(); err != nil {
					t.Error(err)
				}
				if got := l.String(); !strings.HasSuffix(got, "2 Stopping, 2 Stopped") {
					t.Errorf("at the end: %s", got)
				}
			})
		})
	}
}

// TestActorThatPanicsAtOnce is tried again and again, slower and slower.
func TestActorThatPanicsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		tries := 0
		_, err := b.Spawn(t.Context(), "controller", func() actor.Actor {
			tries++
			return actor.ReceiveFunc(func(ctx actor.Context) { panic("also when it stops") })
		})
		if err != nil {
			t.Fatal(err)
		}
		sleep(10 * time.Minute)
		if tries < 10 || tries > 60 {
			t.Errorf("tried %d times in ten minutes, want some 30", tries)
		}
		if err := b.stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestSpawnIsChecked: names are those of one actor at a time.
func TestSpawnIsChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		l := &life{}
		first, err := b.Spawn(t.Context(), "a", l.produce)
		if err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"a.b": roostv1.ErrInvalid, "": roostv1.ErrInvalid, "a": roostv1.ErrAlreadyExists,
		} {
			if _, got := b.Spawn(t.Context(), name, l.produce); !errors.Is(got, err) {
				t.Errorf("spawn %q: got %v, want %v", name, got, err)
			}
		}
		for _, to := range []*actor.PID{nil, first} {
			if err := b.Send(to, nil); !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("send nil to %v: got %v, want ErrInvalid", to, err)
			}
		}
		if _, err := b.Spawn(t.Context(), "b", nil); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("spawn without a producer: got %v", err)
		}
		b.post(first, func(ctx actor.Context) { ctx.Stop(ctx.Self()) })
		synctest.Wait()
		second, err := b.Spawn(t.Context(), "a", l.produce)
		if err != nil || second.Equal(first) {
			t.Errorf("spawn again: got %v, %v, want a PID of its own", second, err)
		}
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		if _, err := b.Spawn(t.Context(), "c", l.produce); !errors.Is(err, roostv1.ErrUnavailable) {
			t.Errorf("spawn at the end: got %v", err)
		}
	})
}

// TestActorThatHangsDoesNotKeepTheGateway: Run ends, and names it.
func TestActorThatHangsDoesNotKeepTheGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}), func(c *actors.Config) { c.StopTimeout = time.Second })
		release := make(chan struct{})
		_, err := b.Spawn(t.Context(), "hangs", func() actor.Actor {
			return actor.ReceiveFunc(func(actor.Context) { <-release })
		})
		if err != nil {
			t.Fatal(err)
		}
		b.assign(1, device("boiler-1"))
		began := time.Now()
		if err := b.stop(); err == nil || !strings.Contains(err.Error(), "hangs") {
			t.Errorf("got %v, want an error that names the actor", err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("stopping took %v", took)
		}
		close(release)
	})
}
