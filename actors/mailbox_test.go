package actors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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

// Commands that wait in the mailbox of a supervisor when its bus is cut off.
func TestMailboxAnswersWhatIsLeftWhenItsActorStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := newSignal()
		var holding atomic.Bool
		b := start(t, drivers(&script{}), func(c *actors.Config) {
			c.Events = func(*roostv1.Event) {
				if holding.Load() {
					<-held // the supervisor is busy with telling
				}
			}
		})
		b.assign(1, device("boiler-1"))
		holding.Store(true)
		answers := make(chan error, 10)
		for i := range 10 {
			go func() {
				_, err := b.Execute(context.Background(), feed(fmt.Sprintf("c%d", i)))
				answers <- err
			}()
			synctest.Wait() // the end of the first one is told as an event, the others wait
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Withdraw(ended, "boiler-1"); !errors.Is(err, context.Canceled) {
			t.Errorf("withdraw: %v, want canceled", err)
		}
		synctest.Wait()
		holding.Store(false)
		close(held)
		refused := 0
		for range 10 {
			if err := <-answers; errors.Is(err, roostv1.ErrUnavailable) {
				refused++
			}
		}
		if refused != 9 {
			t.Errorf("%d commands were refused, want the 9 that waited", refused)
		}
	})
}

// A command whose supervisor stops between look-up and sending.
func TestMessageToAStoppedActorIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1"))
		execute := b.LookedUp("boiler-1")
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		if _, err := execute(context.Background(), feed("c1")); !errors.Is(err, roostv1.ErrUnavailable) {
			t.Errorf("error is %v, want unavailable", err)
		}
	})
}

// Whether a command is taken before or after the stop, it is answered.
func TestCommandsDuringWithdraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1"))
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				r, err := b.Execute(context.Background(), feed(fmt.Sprintf("c%d", i)))
				if (r == nil) == (err == nil) {
					t.Errorf("command %d has record %v and error %v, want one of them", i, r, err)
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
// of protoactor, in turns, and reports what a message costs in each (the median of the
// turns) and the median of the turns' ratios.
func BenchmarkMailbox(b *testing.B) {
	ours := func() actor.Mailbox { return actors.NewMailbox(1<<30, 1<<30) }
	patterns := map[string]func(m actor.MailboxProducer, n int) time.Duration{
		"one-sender":    func(m actor.MailboxProducer, n int) time.Duration { return pump(m, 1, n) },
		"eight-senders": func(m actor.MailboxProducer, n int) time.Duration { return pump(m, 8, n) },
		"ping":          func(m actor.MailboxProducer, n int) time.Duration { return ping(m, n/10) * 10 },
	}
	const turns, messages = 11, 200_000
	for _, name := range []string{"one-sender", "eight-senders", "ping"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var stock, roost, ratio []float64
				for range turns {
					s := patterns[name](actor.Unbounded(), messages)
					r := patterns[name](ours, messages)
					stock = append(stock, float64(s)/messages)
					roost = append(roost, float64(r)/messages)
					ratio = append(ratio, float64(r)/float64(s))
				}
				b.ReportMetric(median(stock), "stock-ns/msg")
				b.ReportMetric(median(roost), "roost-ns/msg")
				b.ReportMetric(median(ratio), "x-of-stock")
			}
		})
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// pump sends n messages from several goroutines to one actor, and returns how long it took
// until the last was handled.
func pump(m actor.MailboxProducer, senders, n int) time.Duration {
	system := quietSystem()
	handled := make(chan struct{})
	left := n
	pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*roostv1.Status); ok {
			if left--; left == 0 {
				close(handled)
			}
		}
	}, actor.WithMailbox(m)))
	msg := &roostv1.Status{}
	began := time.Now()
	for range senders {
		go func() {
			for range n / senders {
				system.Root.Send(pid, msg)
			}
		}()
	}
	<-handled
	took := time.Since(began)
	system.Root.Stop(pid)
	return took
}

// ping sends a message, and the next when it was handled.
func ping(m actor.MailboxProducer, n int) time.Duration {
	system := quietSystem()
	handled := make(chan struct{})
	pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*roostv1.Status); ok {
			handled <- struct{}{}
		}
	}, actor.WithMailbox(m)))
	msg := &roostv1.Status{}
	began := time.Now()
	for range n {
		system.Root.Send(pid, msg)
		<-handled
	}
	took := time.Since(began)
	system.Root.Stop(pid)
	return took
}
