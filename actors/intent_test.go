package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestIntentIsDurableBeforeTheFirstByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		w.hold(in(dispatched))
		w.send(feed("c1"))
		sleep(time.Second)
		w.wantActs(s, 0)
		w.hold(nil)
		r := w.want("c1", succeeded, nil)
		w.wantActs(s, 1)
		if got := w.states("c1"); !slices.Equal(got, []roostv1.CommandState{dispatched, succeeded}) {
			t.Errorf("durable were %v, want dispatched and succeeded", got)
		}
		if r.Attempt != 1 || r.Gateway != "gw-1" || r.Epoch != siteEpoch || r.DispatchedAt.AsTime().Year() != 1970 {
			t.Errorf("record is %v", r)
		}
	})
}

// The disk was slower than the lease: what was asked before the intent is asked again after it.
func TestNothingIsSentAfterAnIntentThatCameLate(t *testing.T) {
	tests := map[string]struct {
		meanwhile func(w *site)
		patient   bool
		state     roostv1.CommandState
		code      error
		acts      int
	}{
		"the fence shuts": {func(w *site) { w.lease.close() }, false, dispatched, nil, 0},
		"the fence shuts and opens": {func(w *site) {
			w.lease.close()
			w.lease.open()
		}, false, succeeded, nil, 1},
		"too late":                {func(*site) { sleep(4 * time.Second) }, false, failed, roostv1.ErrInternal, 0},
		"too late for a patient":  {func(*site) { sleep(4 * time.Second) }, true, failed, roostv1.ErrInternal, 0},
		"the hub's clock is lost": {func(w *site) { w.hub.silence(true) }, false, dispatched, nil, 0},
		"the plan's timeout":      {func(*site) { sleep(2500 * time.Millisecond) }, false, succeeded, nil, 1},
		"the owner is another":    {func(w *site) { w.refuse(roostv1.ErrNotOwner) }, true, 0, nil, 0},
		"it can never be stored":  {func(w *site) { w.refuse(roostv1.ErrInvalid) }, true, 0, nil, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{}
				w := newSite(t, s)
				w.hold(in(dispatched))
				w.send(feed("c1", expiresIn(3*time.Second), func(c *roostv1.Command) { c.QueueWhileAway = test.patient }))
				test.meanwhile(w)
				synctest.Wait()
				w.wantActs(s, 0)
				w.hold(nil)
				r := w.want("c1", test.state, nil)
				w.wantActs(s, test.acts)
				if test.state == failed && (r.Effect != roostv1.Effect_EFFECT_NONE || r.Status.GetMessage()[:8] != "not sent") {
					t.Errorf("effect %s with status %v, want none and that it was not sent", r.Effect.Word(), r.Status)
				}
				sleep(time.Minute)
				w.wantActs(s, test.acts)
				if got := w.record("c1").State; got == expired {
					t.Errorf("a command whose intent is durable ended EXPIRED")
				}
				if got := w.openCommands(); got != 0 && test.state != dispatched {
					t.Errorf("%d commands are open", got)
				}
			})
		})
	}
}

// An intent that is recorded, and nothing sent: it is tried again in time, even what must never be sent twice.
func TestIntentWithoutActIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		w.hold(in(dispatched))
		w.send(feed("c1", expiresIn(time.Minute)))
		w.lease.close()
		synctest.Wait()
		w.hold(nil)
		sleep(5 * time.Second)
		w.wantActs(s, 0)
		w.want("c1", dispatched, nil)
		w.lease.open()
		sleep(time.Second)
		r := w.want("c1", succeeded, nil)
		w.wantActs(s, 1)
		if r.Attempt != 2 {
			t.Errorf("%d attempts, want 2", r.Attempt)
		}
	})
}

// Cancel and expiry win until the permit is taken, and lose from then on.
func TestOnceTheIntentIsUnderWayNobodyTakesItBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		w.hold(in(dispatched))
		record := w.accept(feed("c1", expiresIn(10*time.Second)))
		w.hand(record)
		w.cancel(record, "ann")
		w.send(feed("c2", func(c *roostv1.Command) { c.Supersede = true }))
		w.hold(nil)
		r := w.want("c1", succeeded, nil)
		if len(r.Evidence) != 1 || r.Evidence[0].Text != "cancellation of ann came after dispatch" {
			t.Errorf("evidence is %v", r.Evidence)
		}
		w.want("c2", succeeded, nil)
		w.wantActs(s, 2)
	})
}

// Whoever waits, and whatever comes between: what is not ABSOLUTE is sent once at most, and an end
// without a byte sent is one.
func TestAtMostOnceWhateverTheJournalDoes(t *testing.T) {
	holds := map[string]func(*roostv1.CommandRecord) bool{
		"intent": in(dispatched), "unknown": in(unknown), "end": final,
	}
	events := map[string]func(w *site){
		"fence":   func(w *site) { w.lease.close(); sleep(time.Second); w.lease.open() },
		"suspend": func(w *site) { w.Suspend(); sleep(time.Second); w.Resume() },
		"cancel":  func(w *site) { w.cancel(w.accept(feed("c1")), "ann") },
		"respec":  func(w *site) { w.assign(siteEpoch, device("boiler-1", respecified)) },
		"expiry":  func(*site) { sleep(6 * time.Second) },
		"withdraw": func(w *site) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			_ = w.Withdraw(ctx, "boiler-1")
			sleep(5 * time.Second)
		},
		"clock": func(w *site) { w.hub.silence(true); sleep(time.Second); w.hub.silence(false) },
	}
	for held, meant := range holds {
		for first, one := range events {
			for second, other := range events {
				t.Run(fmt.Sprintf("%s held, %s, %s", held, first, second), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := &script{actuate: func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) {
							<-ctx.Done()
							return nil, ctx.Err()
						}}
						w := newSite(t, s)
						w.hold(meant)
						w.send(feed("c1", whileAway, expiresIn(5*time.Second)))
						one(w)
						other(w)
						w.hold(nil)
						sleep(time.Minute)
						synctest.Wait()
						n, r := len(s.actions()), w.record("c1")
						if n > 1 || n > 0 && (r.State.Unsent() || r.State == 0) {
							t.Errorf("told %d times, and it is %s", n, r.State.Word())
						}
						if n > 0 && r.State == failed && r.Effect == roostv1.Effect_EFFECT_NONE {
							t.Errorf("told %d times, and its effect is none", n)
						}
					})
				})
			}
		}
	}
}

func respecified(d *roostv1.DeviceSpec) {
	d.Revision, d.Address = 2, map[string]string{"host": "other"}
}

// cancel hands a command again, with the wish to cancel it.
func (w *site) cancel(r *roostv1.CommandRecord, sender string) {
	w.Commands("boiler-1", siteEpoch, []*roostv1.OpenCommand{{
		Record: r, Cancellation: &roostv1.Cancellation{CommandId: r.CommandId, DeviceId: r.DeviceId, Sender: sender, Reason: "wrong pump"},
	}})
	synctest.Wait()
}

// What a gateway's own clock says is nothing to a command: it may have booted in 1970.
func TestTimesAreTheHubs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		w.send(feed("now"))
		w.want("now", succeeded, nil)
		old := w.accept(feed("old", expiresIn(3*time.Second)))
		sleep(4 * time.Second)
		w.hand(old)
		r := w.want("old", expired, roostv1.ErrExpired)
		if at := r.FinishedAt.AsTime(); at.Year() != 1970 {
			t.Errorf("finished at %v, want the hub's time", at)
		}
		later := func(c *roostv1.Command) { c.NotBefore = durationpb.New(5 * time.Second) }
		w.send(feed("later", later))
		if r := w.want("later", queued, nil); r.QueueReason != roostv1.QueueReason_QUEUE_REASON_NOT_BEFORE {
			t.Errorf("it waits for %s", r.QueueReason.Word())
		}
		sleep(4900 * time.Millisecond)
		w.wantActs(s, 1)
		sleep(200 * time.Millisecond)
		w.want("later", succeeded, nil)

		blind := w.accept(feed("blind"))
		w.hub.silence(true)
		w.hand(blind)
		sleep(2 * time.Second)
		w.wantActs(s, 2)
		w.hub.silence(false)
		sleep(time.Second)
		w.want("blind", succeeded, nil)
	})
}

// The gateway's knowledge of the hub's clock may be behind the stamp of an acceptance: that is no reason to wait.
func TestAcceptedAMomentAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		record := w.accept(feed("c1"))
		record.AcceptedAt = timestamppb.New(w.hub.now().Add(20 * time.Millisecond))
		w.hand(record)
		w.want("c1", succeeded, nil)
		if got := w.states("c1"); !slices.Equal(got, []roostv1.CommandState{dispatched, succeeded}) {
			t.Errorf("durable were %v", got)
		}
	})
}

// The timer only hints: a command is late when the hub's clock says so, at the moment of dispatch.
func TestExpiryIsDecidedAtTheDispatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(800 * time.Millisecond)
			return temp(roostv1.Double(20)), nil
		}}
		w := newSite(t, s)
		sleep(1600 * time.Millisecond) // a poll holds the bus
		w.send(feed("c1", expiresIn(10*time.Second)))
		w.hub.mu.Lock()
		w.hub.ahead = 10 * time.Second
		w.hub.mu.Unlock()
		sleep(time.Second)
		w.want("c1", expired, roostv1.ErrExpired)
		w.wantActs(s, 0)
	})
}

// TestLateByWhatTheClockMayBeOff: after a power cut, on a busy machine, a gateway knew the hub's time by a renewal that had taken
// 300 ms: it may be 150 ms later than it believes. It took a command for in time by the middle of that, and the device acted 107 ms
// after the deadline. What may be late is not sent, and nothing but time goes by until it has expired.
func TestLateByWhatTheClockMayBeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		w.hub.mayBeOff(150 * time.Millisecond)
		late, inTime := w.accept(feed("late", expiresIn(time.Second))), w.accept(feed("in-time", expiresIn(2*time.Second)))
		sleep(900 * time.Millisecond)
		w.hand(late, inTime)
		w.want("in-time", succeeded, nil) // it does not wait behind the other
		sleep(time.Second)
		w.want("late", expired, roostv1.ErrExpired)
		w.wantActs(s, 1)
	})
}

// TestPassedOverForGood: what may be late when its turn comes is not sent after what went in its place, also where the hub's clock is
// known better by then: an old value would be written over a new one. Nor does it keep others waiting, though it may have been sent.
func TestPassedOverForGood(t *testing.T) {
	later := func(c *roostv1.Command) { c.NotBefore = durationpb.New(1300 * time.Millisecond) }
	for name, first := range map[string]*roostv1.Command{
		"waits":            set("old", 60, whileAway, later, expiresIn(1800*time.Millisecond)),
		"may be sent anew": set("old", 60, whileAway, expiresIn(1800*time.Millisecond)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{actuate: func(_ context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
					if a.CommandID == "old" {
						return nil, errors.New("garbled answer")
					}
					return nil, nil
				}}
				w := newSite(t, s)
				sent := w.accept(first)
				if first.NotBefore == nil { // attempts at 0, 0.1, 0.3, 0.7 and, were there time, 1.5 s
					w.hand(sent)
				}
				sleep(1400 * time.Millisecond)
				acts := len(s.actions())
				w.hub.mayBeOff(600 * time.Millisecond)
				w.hand(sent)
				w.send(set("new", 70, whileAway, expiresIn(time.Minute)))
				w.want("new", succeeded, nil)
				w.hub.mayBeOff(0)
				sleep(150 * time.Millisecond)
				w.send(set("newest", 80, whileAway, expiresIn(time.Minute))) // all that waits is looked at again
				w.want("newest", succeeded, nil)
				sleep(time.Second)
				w.wantActs(s, acts+2)
				if got := w.record("old").State; first.NotBefore != nil && got != expired || !got.Final() && got != unknown {
					t.Errorf("it is %s", got.Word())
				}
			})
		})
	}
}

// TestNoIntentOfWhatMayBeLate: what waited for the bus for so long is not recorded as if it were sent, for it will not be.
func TestNoIntentOfWhatMayBeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(800 * time.Millisecond)
			return temp(roostv1.Double(20)), nil
		}}
		w := newSite(t, s)
		sleep(1600 * time.Millisecond) // a poll holds the bus
		w.send(feed("c1", expiresIn(3*time.Second)))
		w.hub.mayBeOff(2900 * time.Millisecond)
		sleep(4 * time.Second)
		w.want("c1", expired, roostv1.ErrExpired)
		w.wantActs(s, 0)
		if got := w.states("c1"); slices.Contains(got, dispatched) {
			t.Errorf("durable were %v", got)
		}
	})
}

// TestLateWhileTheIntentIsRecorded: the same holds once the intent is durable, and the record says that nothing was sent.
func TestLateWhileTheIntentIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		w := newSite(t, s)
		w.ledger.hold(in(dispatched))
		w.send(feed("c1", expiresIn(time.Second)))
		sleep(700 * time.Millisecond)
		w.hub.mayBeOff(400 * time.Millisecond)
		w.ledger.hold(nil)
		sleep(time.Second)
		w.want("c1", failed, roostv1.ErrExpired)
		w.wantActs(s, 0)
		if got := w.states("c1"); !slices.Equal(got, []roostv1.CommandState{dispatched, failed}) {
			t.Errorf("durable were %v", got)
		}
	})
}
