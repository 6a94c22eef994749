package actors_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// landings notes what becomes durable, in order.
func (w *site) landings() func() []string {
	var landed []string
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	w.landed = func(r *roostv1.CommandRecord) { landed = append(landed, r.CommandId+" "+r.State.Word()) }
	return func() []string { synctest.Wait(); return landed }
}

// After another command wrote the same, no owner may tell by the device what the first did.
func TestNextOwnerDoesNotCreditALaterWrite(t *testing.T) {
	tests := map[string]struct {
		deaf  bool
		later float64
		how   func(*roostv1.Command)
	}{
		"not done, and the later wrote the same": {true, 50, func(*roostv1.Command) {}},
		"done, and the later wrote another":      {false, 20, func(*roostv1.Command) {}},
		"it waits to be sent again": {false, 20, func(c *roostv1.Command) {
			c.Priority = roostv1.Priority_PRIORITY_HIGH
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlant()
				w := newMixer(t, p)
				landed := w.landings()
				p.set(func() { p.lost, p.blind, p.deaf = true, true, test.deaf }) // nothing tells before
				first := mix("c1", ack, opened(50), timeout(time.Second))
				first.QueueWhileAway = name == "it waits to be sent again"
				c1 := w.accept(first)
				c2 := w.accept(mix("c2", ack, opened(test.later), test.how))
				w.hand(c1)
				w.hold(in(unknown)) // until its outcome and the next command are both there
				sleep(500 * time.Millisecond)
				w.Suspend()
				sleep(600 * time.Millisecond)
				p.set(func() { p.lost, p.deaf = false, false })
				w.hand(c2)
				w.hold(nil)
				w.Resume()
				sleep(100 * time.Millisecond)
				w.want("c2", succeeded, nil)
				if err := w.Withdraw(context.Background(), "boiler-1"); err != nil {
					t.Fatal(err)
				}
				p.set(func() { p.blind = false })
				w.assignMixer(siteEpoch + 1)
				if r := w.record("c1"); !r.State.Final() {
					w.Commands("boiler-1", siteEpoch+1, []*roostv1.OpenCommand{{Record: r}})
				}
				sleep(time.Minute)
				w.want("c1", indeterminate, roostv1.ErrOutcomeUnknown)
				got := landed()
				if end, next := slices.Index(got, "c1 INDETERMINATE"), slices.Index(got, "c2 DISPATCHED"); end > next {
					t.Errorf("durable became %v, want the end of c1 before the intent of c2", got)
				}
			})
		})
	}
}

// Of two that an owner before has sent, only what the last one did may show.
func TestTakeoverOfTwoThatWroteTheSame(t *testing.T) {
	tests := map[string]struct {
		last []roostv1.Change
		acts int
	}{
		"the last is sent again": {[]roostv1.Change{wasDispatched}, 1},
		"the last is unknown":    {[]roostv1.Change{wasDispatched, wasUnknown}, 0},
	}
	for name, test := range tests {
		for _, swapped := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newPlant()
					p.values["opening"] = roostv1.Double(50)
					w := newMixer(t, p)
					c1, c2 := mix("c1", ack, opened(50)), mix("c2", ack, opened(50))
					records := []*roostv1.CommandRecord{w.accept(c1), w.accept(c2)}
					if swapped { // it went first all the same, say by its priority
						records = []*roostv1.CommandRecord{w.accept(c2), w.accept(c1)}
					}
					for _, id := range []string{"c1", "c2"} {
						past := test.last
						if id == "c1" {
							past = []roostv1.Change{wasDispatched, wasUnknown}
						}
						i := slices.IndexFunc(records, func(r *roostv1.CommandRecord) bool { return r.CommandId == id })
						w.enter(records[i], past...)
						sleep(time.Second)
					}
					w.hand(records...)
					sleep(time.Minute)
					w.want("c1", indeterminate, nil)
					w.want("c2", succeeded, nil)
					w.wantActs(&p.script, test.acts)
				})
			})
		}
	}
}
