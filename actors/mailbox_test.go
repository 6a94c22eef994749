package actors_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"pgregory.net/rapid"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// quietSystem is an actor system that logs nothing.
func quietSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
}

// boxedActor spawns an actor on our mailbox.
func boxedActor(system *actor.ActorSystem, commands, work int, receive actor.ReceiveFunc) *actor.PID {
	return system.Root.Spawn(actor.PropsFromFunc(receive, actor.WithMailbox(func() actor.Mailbox {
		return actors.NewMailbox(commands, work)
	})))
}

func TestMailboxRefusesWithAnAnswerWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := quietSystem()
		gate := newSignal()
		var got []string
		pid := boxedActor(system, 10, 3, func(ctx actor.Context) {
			if s, ok := ctx.Message().(string); ok {
				<-gate
				got = append(got, s)
			}
		})
		var refused []*roostv1.Status
		sender := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			if status, ok := ctx.Message().(*roostv1.Status); ok {
				refused = append(refused, status)
			}
		}))
		for i := range 6 {
			system.Root.RequestWithCustomSender(pid, fmt.Sprint(i), sender)
			synctest.Wait() // the first is being handled, three wait
		}
		close(gate)
		synctest.Wait()
		if fmt.Sprint(got) != "[0 1 2 3]" {
			t.Errorf("handled %v, want 0 to 3", got)
		}
		if len(refused) != 2 || !errors.Is(refused[0], roostv1.ErrBusy) {
			t.Errorf("refused %v, want two BUSY", refused)
		}
		system.Root.Stop(pid)
		system.Root.Stop(sender)
	})
}

func TestMailboxAnswersWhatIsLeftWhenItsActorStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1"))
		// Whether a command is taken before or after the stop, it is answered.
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				r, err := b.Execute(t.Context(), feed(fmt.Sprintf("c%d", i)))
				if r == nil && err == nil {
					t.Errorf("command %d has neither record nor error", i)
				}
			})
		}
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
}

// A nil message would make protoactor's own mailboxes spin for ever.
func TestMailboxDropsNil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := quietSystem()
		var got []any
		pid := boxedActor(system, 1, 1, func(ctx actor.Context) {
			if s, ok := ctx.Message().(string); ok {
				got = append(got, s)
			}
		})
		system.Root.Send(pid, nil)
		system.Root.Send(pid, "after")
		synctest.Wait() // returns only when nobody runs
		if fmt.Sprint(got) != "[after]" {
			t.Errorf("handled %v", got)
		}
		system.Root.Stop(pid)
	})
}

// runtime.Goexit inside Receive, as t.FailNow does it, would wedge a stock mailbox.
func TestMailboxSurvivesGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := quietSystem()
		var got []any
		pid := boxedActor(system, 10, 10, func(ctx actor.Context) {
			switch s := ctx.Message().(type) {
			case string:
				if s == "exit" {
					runtime.Goexit()
				}
				got = append(got, s)
			}
		})
		for _, s := range []string{"before", "exit", "after"} {
			system.Root.Send(pid, s)
		}
		synctest.Wait()
		if fmt.Sprint(got) != "[before after]" {
			t.Errorf("handled %v", got)
		}
		system.Root.Stop(pid)
	})
}

// Messages of one sender arrive in order, each exactly once, whatever the bursts.
func TestMailboxKeepsOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		bursts := rapid.SliceOfN(rapid.IntRange(1, 300), 1, 10).Draw(r, "bursts")
		system := quietSystem()
		var wg sync.WaitGroup
		next, wrong := 0, 0
		pid := boxedActor(system, 0, 1<<20, func(ctx actor.Context) {
			if n, ok := ctx.Message().(int); ok {
				if n != next {
					wrong++
				}
				next++
				wg.Done()
			}
		})
		sent := 0
		for i, burst := range bursts {
			wg.Add(burst)
			for range burst {
				system.Root.Send(pid, sent)
				sent++
			}
			if i%2 == 0 {
				wg.Wait()
			}
		}
		wg.Wait()
		if wrong > 0 || next != sent {
			r.Errorf("%d of %d messages out of order, %d handled", wrong, sent, next)
		}
		system.Root.Stop(pid)
	})
}

// BenchmarkMailbox sends messages through our mailbox and through the stock unbounded one
// of protoactor, and reports the ratio of the two.
func BenchmarkMailbox(b *testing.B) {
	kinds := map[string]actor.MailboxProducer{
		"stock": actor.Unbounded(),
		"roost": func() actor.Mailbox { return actors.NewMailbox(1<<30, 1<<30) },
	}
	patterns := map[string]func(*testing.B, actor.MailboxProducer){
		"burst": func(b *testing.B, m actor.MailboxProducer) { pump(b, m, 1, b.N) },
		"ping":  ping,
		"many":  func(b *testing.B, m actor.MailboxProducer) { pump(b, m, 8, b.N) },
	}
	for pattern, run := range patterns {
		perOp := map[string]float64{}
		for _, kind := range []string{"stock", "roost"} {
			b.Run(pattern+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				run(b, kinds[kind])
				perOp[kind] = float64(b.Elapsed()) / float64(b.N)
				if kind == "roost" && perOp["stock"] > 0 {
					b.ReportMetric(perOp["roost"]/perOp["stock"], "x-of-stock")
				}
			})
		}
	}
}

// pump sends n messages from several goroutines to one actor.
func pump(b *testing.B, m actor.MailboxProducer, senders, n int) {
	system := quietSystem()
	var wg sync.WaitGroup
	wg.Add(n)
	pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*roostv1.Status); ok {
			wg.Done()
		}
	}, actor.WithMailbox(m)))
	msg := &roostv1.Status{}
	b.ResetTimer()
	for s := range senders {
		share := n / senders
		if s == 0 {
			share += n % senders
		}
		go func() {
			for range share {
				system.Root.Send(pid, msg)
			}
		}()
	}
	wg.Wait()
	b.StopTimer()
	system.Root.Stop(pid)
}

// ping sends a message, and the next when it was handled.
func ping(b *testing.B, m actor.MailboxProducer) {
	system := quietSystem()
	handled := make(chan struct{})
	pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*roostv1.Status); ok {
			handled <- struct{}{}
		}
	}, actor.WithMailbox(m)))
	msg := &roostv1.Status{}
	for b.Loop() {
		system.Root.Send(pid, msg)
		<-handled
	}
	system.Root.Stop(pid)
}
