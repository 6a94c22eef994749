package actors_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// mouth is an actor that does what it is told in its Receive, and keeps what it hears.
type mouth struct {
	mu    sync.Mutex
	heard []any
	from  []*actor.PID
}

func (m *mouth) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case func(actor.Context):
		msg(ctx)
	case *actor.Started, *actor.Stopping, *actor.Stopped, *actor.Restarting:
	default:
		m.mu.Lock()
		defer m.mu.Unlock()
		m.heard = append(m.heard, msg)
		m.from = append(m.from, ctx.Sender())
	}
}

// take returns what was heard since, once all is quiet.
func (m *mouth) take() (heard []any, from []*actor.PID) {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	heard, from = m.heard, m.from
	m.heard, m.from = nil, nil
	return heard, from
}

// speaker spawns a mouth, and returns a function that runs something in it.
func (b *bench) speaker(name string) (*mouth, func(func(actor.Context))) {
	b.t.Helper()
	m := &mouth{}
	pid, err := b.Spawn(b.t.Context(), name, func() actor.Actor { return m })
	if err != nil {
		b.t.Fatal(err)
	}
	return m, func(do func(actor.Context)) { b.post(pid, do) }
}

// post sends a message to an actor.
func (b *bench) post(to *actor.PID, msg any) {
	b.t.Helper()
	if err := b.Send(to, msg); err != nil {
		b.t.Error(err)
	}
}

// one returns the only thing that was heard.
func one[T any](t *testing.T, what string, m *mouth) (T, *actor.PID) {
	t.Helper()
	var none T
	heard, from := m.take()
	if len(heard) != 1 {
		t.Errorf("%s: heard %v, want one message", what, heard)
		return none, nil
	}
	got, ok := heard[0].(T)
	if !ok {
		t.Errorf("%s: heard %T %v, want a %T", what, heard[0], heard[0], none)
	}
	return got, from[0]
}

func heat(value float64) *roostv1.Command {
	return &roostv1.Command{Name: "set", Arguments: map[string]*roostv1.Value{"setpoint": roostv1.Double(value)}}
}

// TestPIDOfADeviceHere: an actor reads and drives a device of its own gateway.
func TestPIDOfADeviceHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b := start(t, drivers(s))
		b.assign(7, device("boiler-1"))
		sleep(2 * time.Second)
		m, in := b.speaker("controller")
		pid := b.PID("boiler-1")

		in(func(ctx actor.Context) { ctx.Request(pid, &roostv1.Read{}) })
		result, from := one[*roostv1.ReadResult](t, "read", m)
		if result.GetDeviceId() != "boiler-1" || result.GetGateway() != "gw-1" || result.GetEpoch() != 7 ||
			result.GetState() != roostv1.DeviceState_DEVICE_STATE_ONLINE ||
			len(result.GetResources()) != 1 || result.Resources[0].Value.GetDouble() != 20 {
			t.Errorf("read: got %v", result)
		}
		if !from.Equal(pid) {
			t.Errorf("the answer is from %v, want %v", from, pid)
		}

		in(func(ctx actor.Context) { ctx.Request(pid, heat(30)) })
		record, _ := one[*roostv1.CommandRecord](t, "command", m)
		if record.GetState() != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || record.GetCommandId() == "" {
			t.Errorf("command: got %v", record)
		}
		in(func(ctx actor.Context) { ctx.Send(pid, heat(31)) })
		if heard, _ := m.take(); len(heard) != 0 || len(s.actions()) != 2 {
			t.Errorf("a command that is only sent: heard %v, %d actions, want no answer and 2", heard, len(s.actions()))
		}
	})
}

// TestPIDAnswersAFuture: what is asked by a future, and by who is no actor.
func TestPIDAnswersAFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1"))
		sleep(2 * time.Second)
		m, in := b.speaker("controller")
		in(func(ctx actor.Context) {
			ctx.RequestFuture(b.PID("boiler-1"), &roostv1.Read{}, time.Minute).PipeTo(ctx.Self())
		})
		if result, _ := one[*roostv1.ReadResult](t, "future", m); result.GetDeviceId() != "boiler-1" {
			t.Errorf("future: got %v", result)
		}
		answer, err := b.Ask(t.Context(), "boiler-1", &roostv1.Read{Resources: []string{"temp"}})
		if result, ok := answer.(*roostv1.ReadResult); !ok || err != nil || len(result.Resources) != 1 {
			t.Errorf("ask: got %v, %v", answer, err)
		}
		if _, err := b.Ask(t.Context(), "boiler-2", &roostv1.Read{}); !errors.Is(err, roostv1.ErrUnavailable) {
			t.Errorf("ask who is not here: got %v, want ErrUnavailable", err)
		}
	})
}

// TestPIDRefuses: whoever asks is told why not, whatever he sends; nothing spins, and
// nobody is stopped.
func TestPIDRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		m, in := b.speaker("controller")
		pid := b.PID("boiler-1")
		other := heat(1)
		other.DeviceId = "boiler-2"
		for name, test := range map[string]struct {
			to   *actor.PID
			msg  any
			want roostv1.Code
			text string
		}{
			"nil":             {pid, nil, roostv1.ErrInvalid, "nil"},
			"typed nil":       {pid, (*roostv1.Read)(nil), roostv1.ErrInvalid, "nil"},
			"nil command":     {pid, (*roostv1.Command)(nil), roostv1.ErrInvalid, "nil"},
			"text":            {pid, "hello", roostv1.ErrInvalid, "string"},
			"poison":          {pid, &actor.PoisonPill{}, roostv1.ErrInvalid, "PoisonPill"},
			"another device":  {pid, other, roostv1.ErrInvalid, "boiler-2"},
			"no name":         {pid, &roostv1.Command{}, roostv1.ErrInvalid, "name"},
			"no resource":     {pid, &roostv1.Read{Resources: []string{"taste"}}, roostv1.ErrInvalid, "taste"},
			"not served here": {b.PID("boiler-9"), &roostv1.Read{}, roostv1.ErrUnavailable, "boiler-9"},
			"no id at all":    {b.PID(""), &roostv1.Read{}, roostv1.ErrUnavailable, "not served"},
		} {
			in(func(ctx actor.Context) { ctx.Request(test.to, test.msg) })
			status, _ := one[*roostv1.Status](t, name, m)
			if status.GetCode() != test.want || !strings.Contains(status.GetMessage(), test.text) {
				t.Errorf("%s: got %v, want %v with %q", name, status, test.want, test.text)
			}
		}
		in(func(ctx actor.Context) {
			ctx.Send(pid, nil)
			ctx.Send(pid, &roostv1.Read{})
			ctx.Stop(pid)
			ctx.Poison(pid)
			ctx.ActorSystem().Root.RequestWithCustomSender(pid, "x", b.PID("boiler-1")) // would answer itself
		})
		if heard, _ := m.take(); len(heard) != 0 {
			t.Errorf("heard %v of what nobody asked", heard)
		}
		sleep(2 * time.Second)
		b.wantState("boiler-1", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	})
}

// TestPIDTellsOfASlowCommand: after five seconds there is the present record, and the same
// command asked for again brings the final one. It is carried out once.
func TestPIDTellsOfASlowCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
			select {
			case <-time.After(8 * time.Second):
			case <-ctx.Done():
			}
			return nil, ctx.Err()
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(2 * time.Second)
		m, in := b.speaker("controller")
		c := heat(30)
		c.Id, c.Timeout = "c-1", durationpb.New(20*time.Second)
		ask := func(ctx actor.Context) { ctx.Request(b.PID("boiler-1"), c) }
		in(ask)
		sleep(4900 * time.Millisecond)
		if heard, _ := m.take(); len(heard) != 0 {
			t.Errorf("heard %v before the wait was over", heard)
		}
		sleep(200 * time.Millisecond)
		if record, _ := one[*roostv1.CommandRecord](t, "first", m); record.GetState() != roostv1.CommandState_COMMAND_STATE_DISPATCHED {
			t.Errorf("after 5 s: got %v, want DISPATCHED", record)
		}
		in(ask)
		sleep(4 * time.Second)
		if record, _ := one[*roostv1.CommandRecord](t, "second", m); record.GetState() != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
			t.Errorf("at the end: got %v, want SUCCEEDED", record)
		}
		if n := len(s.actions()); n != 1 {
			t.Errorf("the command was carried out %d times, want once", n)
		}
	})
}

// TestAnswersAreNotRefused: an actor that asks more than its mailbox takes hears of all of it.
func TestAnswersAreNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		m, in := b.speaker("controller")
		const asks = 5000
		in(func(ctx actor.Context) {
			for range asks {
				ctx.Request(b.PID("boiler-1"), &roostv1.Read{})
			}
		})
		if heard, _ := m.take(); len(heard) != asks {
			t.Errorf("heard %d answers, want %d", len(heard), asks)
		}
	})
}

// elsewhere are peers that a test speaks for.
type elsewhere struct {
	mu       sync.Mutex
	asked    []proto.Message
	answers  []func(proto.Message, error)
	watched  map[string]func(bool)
	watches  int
	cancels  int
	notThere bool // a watch ends at once
}

func (e *elsewhere) Ask(_ context.Context, _ string, m proto.Message, answer func(proto.Message, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked, e.answers = append(e.asked, m), append(e.answers, answer)
}

func (e *elsewhere) Watch(device string, ended func(bool)) func() {
	if e.notThere {
		ended(false)
		return func() {}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.watched == nil {
		e.watched = map[string]func(bool){}
	}
	e.watched[device] = ended
	e.watches++
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.cancels++
	}
}

func peers(e *elsewhere) func(*actors.Config) { return func(c *actors.Config) { c.Peers = e } }

// TestPIDOfADeviceElsewhere: the same PID reaches the device over the peers, here once it is
// served here, and over the peers again.
func TestPIDOfADeviceElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &elsewhere{}
		b := start(t, drivers(&script{}), peers(e))
		m, in := b.speaker("controller")
		pid := b.PID("boiler-1")
		read := func(ctx actor.Context) { ctx.Request(pid, &roostv1.Read{}) }
		in(read)
		synctest.Wait()
		if len(e.asked) != 1 {
			t.Fatalf("the peers were asked %d times, want once", len(e.asked))
		}
		e.answers[0](&roostv1.ReadResult{DeviceId: "boiler-1", Gateway: "gw-2"}, nil)
		if result, from := one[*roostv1.ReadResult](t, "elsewhere", m); result.GetGateway() != "gw-2" || !from.Equal(pid) {
			t.Errorf("elsewhere: got %v from %v", result, from)
		}

		b.assign(1, device("boiler-1"))
		in(read)
		if result, _ := one[*roostv1.ReadResult](t, "here", m); result.GetGateway() != "gw-1" {
			t.Errorf("here: got %v", result)
		}
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		in(func(ctx actor.Context) { ctx.Request(pid, heat(3)); ctx.Send(pid, heat(4)) })
		synctest.Wait()
		if len(e.asked) != 3 || e.answers[2] != nil {
			t.Fatalf("the peers were asked %d times, want 3 times, last with no answer wanted", len(e.asked))
		}
		if c := e.asked[1].(*roostv1.Command); c.Id == "" || c.DeviceId != "boiler-1" {
			t.Errorf("the command for elsewhere is %v, want one with an id and its device", c)
		}
		e.answers[1](nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "lost"))
		if status, _ := one[*roostv1.Status](t, "lost", m); status.GetCode() != roostv1.ErrOutcomeUnknown {
			t.Errorf("lost: got %v", status)
		}
	})
}

// TestWatchOfADevice: each watcher hears once of a device's end, and its move is none.
func TestWatchOfADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &elsewhere{}
		b := start(t, drivers(&script{}), peers(e))
		first, inFirst := b.speaker("first")
		second, inSecond := b.speaker("second")
		third, inThird := b.speaker("third")
		pid := b.PID("boiler-1")
		watch := func(ctx actor.Context) { ctx.Watch(pid) }
		inFirst(watch)
		inFirst(watch)
		synctest.Wait()
		inSecond(watch)
		inThird(watch)
		inThird(func(ctx actor.Context) { ctx.Unwatch(pid) })
		b.assign(1, device("boiler-1"))
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		if heard, _ := first.take(); len(heard) != 0 || e.watches != 1 {
			t.Errorf("heard %v, %d watches, want nothing yet, of one watch", heard, e.watches)
		}
		e.watched["boiler-1"](true)
		e.watched["boiler-1"](true)
		for _, m := range []*mouth{first, second} {
			if ended, _ := one[*actor.Terminated](t, "end", m); !ended.GetWho().Equal(pid) || ended.GetWhy() != actor.TerminatedReason_Stopped {
				t.Errorf("end: got %v", ended)
			}
		}
		if heard, _ := third.take(); len(heard) != 0 {
			t.Errorf("who no longer watches heard %v", heard)
		}

		inThird(watch)
		inThird(func(ctx actor.Context) { ctx.Unwatch(pid) })
		synctest.Wait()
		if e.cancels == 0 {
			t.Error("the watch goes on with nobody watching")
		}
		e.notThere = true
		inThird(watch)
		if ended, _ := one[*actor.Terminated](t, "not found", third); ended.GetWhy() != actor.TerminatedReason_NotFound {
			t.Errorf("not found: got %v", ended)
		}
	})
}

// TestDeadWatchersAreForgotten: watches do not pile up where watchers come and go.
func TestDeadWatchersAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}), peers(&elsewhere{}))
		for range 100 {
			m := &mouth{}
			pid, err := b.Spawn(t.Context(), "watcher", func() actor.Actor { return m })
			if err != nil {
				t.Fatal(err)
			}
			b.post(pid, func(ctx actor.Context) { ctx.Watch(b.PID("boiler-1")); ctx.Stop(ctx.Self()) })
			synctest.Wait()
		}
		if n := b.Watchers("boiler-1"); n > 10 {
			t.Errorf("%d watchers are kept, all of them dead", n)
		}
	})
}
