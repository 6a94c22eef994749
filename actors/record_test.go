package actors_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Nobody hears of an end that a crash could undo.
func TestEndIsDurableBeforeItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSite(t, &script{})
		w.hold(final)
		answered := make(chan *roostv1.CommandRecord, 1)
		go func() {
			r, err := w.Execute(context.Background(), feed("c1"))
			if err != nil {
				t.Error(err)
			}
			answered <- r
		}()
		sleep(time.Minute)
		select {
		case r := <-answered:
			t.Errorf("told %s before it was durable", r.State.Word())
		default:
		}
		if n := w.openCommands(); n != 1 {
			t.Errorf("%d commands are open, want the one whose end is not durable", n)
		}
		if n := len(w.told("boiler-1", roostv1.EventKind_EVENT_KIND_COMMAND)); n != 0 {
			t.Errorf("%d events told of it", n)
		}
		w.hold(nil)
		if r := <-answered; r.State != succeeded {
			t.Errorf("it is %s", r.State.Word())
		}
		if n := w.openCommands(); n != 0 {
			t.Errorf("%d commands are open", n)
		}
	})
}

// What lost its bus records nothing more, and says what it knows.
func TestEndThatIsNotThisGatewaysToRecord(t *testing.T) {
	for name, test := range map[string]struct {
		meant func(*roostv1.CommandRecord) bool
		code  error
		acts  int
	}{
		"end":    {final, roostv1.ErrOutcomeUnknown, 1},
		"intent": {in(dispatched), roostv1.ErrOutcomeUnknown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{}
				w := newSite(t, s)
				w.hold(test.meant)
				errs := make(chan error, 1)
				go func() {
					_, err := w.Execute(context.Background(), feed("c1"))
					errs <- err
				}()
				sleep(time.Second)
				w.refuse(roostv1.ErrNotOwner)
				w.hold(nil)
				if err := <-errs; err == nil || roostv1.StatusOf(err).Code != test.code {
					t.Errorf("told %v, want %v", err, test.code)
				}
				w.wantActs(s, test.acts)
				if n := w.openCommands(); n != 0 {
					t.Errorf("%d commands are open", n)
				}
			})
		})
	}
}

func TestWhatIsRecordedOfWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
			<-time.After(1500 * time.Millisecond)
			return nil, nil
		}}
		w := newSite(t, s)
		w.send(feed("c1"), feed("c2"), feed("c3", func(c *roostv1.Command) { c.NotBefore = durationpb.New(10 * time.Second) }))
		sleep(400 * time.Millisecond)
		w.want("c1", dispatched, nil)
		w.want("c2", 0, nil) // most wait for less than the record would take
		if r := w.want("c3", queued, nil); r.QueueReason != roostv1.QueueReason_QUEUE_REASON_NOT_BEFORE {
			t.Errorf("c3 waits for %s", r.QueueReason.Word())
		}
		sleep(200 * time.Millisecond)
		if r := w.want("c2", queued, nil); r.QueueReason != roostv1.QueueReason_QUEUE_REASON_ORDER {
			t.Errorf("c2 waits for %s", r.QueueReason.Word())
		}
		sleep(20 * time.Second)
		if got := w.states("c2"); !slices.Equal(got, []roostv1.CommandState{queued, dispatched, succeeded}) {
			t.Errorf("durable of c2 were %v", got)
		}
		if got := w.states("c1"); !slices.Equal(got, []roostv1.CommandState{dispatched, succeeded}) {
			t.Errorf("durable of c1 were %v", got)
		}
	})
}

// The record of waiting must not take the place of the intent that follows it.
func TestBusyBusIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(900 * time.Millisecond)
			return temp(roostv1.Double(20)), nil
		}}
		w := newSite(t, s)
		sleep(1300 * time.Millisecond)
		w.send(feed("c1"))
		sleep(2 * time.Second)
		want := []roostv1.CommandState{queued, dispatched, succeeded}
		if got := w.states("c1"); !slices.Equal(got, want) {
			t.Errorf("durable were %v, want %v", got, want)
		}
	})
}

// Every end that needs no byte is durable, with what it is.
func TestEndsWithoutAByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s, func(d *roostv1.DeviceSpec) { d.Commands = &roostv1.CommandPolicy{QueueLimit: 3} })
		later := func(c *roostv1.Command) { c.NotBefore = durationpb.New(10 * time.Second) }
		w.send(set("old", 50, later), feed("gone", later))
		w.send(set("new", 55, later, func(c *roostv1.Command) { c.Supersede = true }))
		w.want("old", superseded, nil)
		w.want("gone", queued, nil)
		gone := w.accept(feed("gone-2", later))
		w.hand(gone)
		w.cancel(gone, "ann")
		r := w.want("gone-2", cancelled, roostv1.ErrCancelled)
		if r.Status.Message != "cancelled by ann: wrong pump" {
			t.Errorf("status is %v", r.Status)
		}
		w.send(feed("q3", later), feed("q4", later))
		w.want("q4", rejected, roostv1.ErrBusy)
		w.send(set("hot", 95), feed("wrong", func(c *roostv1.Command) {
			c.Precondition = &roostv1.Precondition{Resource: "temp", Equals: roostv1.Double(3)}
		}))
		w.want("hot", rejected, nil)
		w.wantActs(s, 0)
		sleep(20 * time.Second)
		w.want("new", succeeded, nil)
	})
}

func TestPriorityAndOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		high := func(c *roostv1.Command) { c.Priority = roostv1.Priority_PRIORITY_HIGH }
		w.Suspend()
		first, second, urgent := w.accept(feed("first")), w.accept(feed("second")), w.accept(feed("urgent", high))
		w.hand(first, second)
		w.hand(urgent)
		w.Resume()
		sleep(time.Second)
		var got []string
		for _, a := range s.actions() {
			got = append(got, a.CommandID)
		}
		if !slices.Equal(got, []string{"urgent", "first", "second"}) {
			t.Errorf("order is %v", got)
		}
	})
}
