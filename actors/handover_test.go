package actors_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The hand-over of a bus leaves what waits in the journal, and ends what runs.
func TestHandOverKeepsTheQueue(t *testing.T) {
	for _, patient := range []bool{true, false} {
		t.Run(fmt.Sprintf("patient %v", patient), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{actuate: func(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
					<-time.After(500 * time.Millisecond)
					return nil, nil
				}}
				w := newSite(t, s)
				w.send(feed("runs"), feed("waits"), feed("later", func(c *roostv1.Command) { c.NotBefore = durationpb.New(time.Minute) }))
				sleep(100 * time.Millisecond)
				w.hold(final)
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if !patient {
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
				}
				withdrawn := make(chan error, 1)
				go func() { withdrawn <- w.Withdraw(ctx, "boiler-1") }()
				sleep(5 * time.Second)
				select {
				case err := <-withdrawn:
					if patient || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("withdrawn with %v before the end of what ran was durable", err)
					}
				default:
					if !patient {
						t.Error("the cut has no bound")
					}
				}
				w.hold(nil)
				if patient {
					if err := <-withdrawn; err != nil {
						t.Error(err)
					}
				}
				sleep(time.Minute)
				w.want("runs", succeeded, nil)
				if got := w.states("waits"); len(got) != 0 {
					t.Errorf("of what waits, %v was recorded", got)
				}
				w.want("later", queued, nil)
				w.wantActs(s, 1)
			})
		})
	}
}

// UNKNOWN commands are the next owner's to settle, and so is a confirmation that takes its time.
func TestHandOverKeepsWhatIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		w := newMixer(t, p)
		p.set(func() { p.lost, p.blind = true, true })
		w.send(mix("c1", ack, opened(50), timeout(time.Second)))
		sleep(2 * time.Second)
		w.want("c1", unknown, nil)
		p.set(func() { p.lost = false })
		w.send(mix("c2", readback, values{"speed": roostv1.Int(700)}))
		sleep(100 * time.Millisecond)
		began := time.Now()
		if err := w.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("the withdrawal took %v", took)
		}
		w.want("c1", unknown, nil)
		w.want("c2", unknown, nil)
		p.set(func() { p.blind = false })
		w.assignMixer(siteEpoch + 1)
		w.Commands("boiler-1", siteEpoch+1, []*roostv1.OpenCommand{{Record: w.record("c1")}, {Record: w.record("c2")}})
		sleep(time.Second)
		for _, id := range []string{"c1", "c2"} {
			if r := w.want(id, succeeded, nil); r.Confirmation != readback || r.Epoch != siteEpoch+1 {
				t.Errorf("%s is confirmed by %s under epoch %d", id, r.Confirmation.Word(), r.Epoch)
			}
		}
	})
}
