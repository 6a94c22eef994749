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

// tenth is a line with ten devices, of which one may be dead.
type tenth struct {
	turn, every time.Duration // what a poll takes, and how often each device is polled
	silence     time.Duration // how long the driver waits for an answer that does not come
	senders     int           // who send the dead device one command after the other
	policy      *roostv1.SupervisionPolicy
}

// polls returns how often the least polled of the nine was polled in two minutes.
func (x tenth) polls(t *testing.T, dead bool) (least uint64) {
	synctest.Test(t, func(t *testing.T) {
		good := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-time.After(x.turn)
			return temp(roostv1.Double(20)), nil
		}}
		silent := func(ctx context.Context) error {
			select {
			case <-time.After(x.silence):
				return errors.New("no answer")
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		bad := good
		if dead {
			bad = &script{
				poll:    func(ctx context.Context, _ []string) ([]actors.Sample, error) { return nil, silent(ctx) },
				actuate: func(ctx context.Context, _ actors.Action) (map[string]*roostv1.Value, error) { return nil, silent(ctx) },
			}
		}
		b := start(t, map[string]actors.Driver{"script": good, "bad": bad})
		var devices []*roostv1.DeviceSpec
		for i := range 10 {
			devices = append(devices, device(fmt.Sprintf("d%d", i), onBus("line"), func(d *roostv1.DeviceSpec) {
				d.PollInterval, d.Supervision = durationpb.New(x.every), x.policy
				if i == 9 {
					d.Driver = "bad"
				}
			}))
		}
		b.assign(1, devices...)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		for s := range x.senders {
			go func() {
				for n := 0; ctx.Err() == nil; n++ {
					_, _ = b.Execute(ctx, feed(fmt.Sprintf("c%d-%d", s, n), func(c *roostv1.Command) { c.DeviceId = "d9" }))
					sleepIn(ctx, 10*time.Millisecond)
				}
			}()
		}
		<-ctx.Done()
		synctest.Wait()
		for i := range 9 {
			stored, _, _ := b.store.readings(t, fmt.Sprintf("d%d", i))
			if i == 0 || stored < least {
				least = stored
			}
		}
	})
	return least
}

func sleepIn(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// TestNineOfTen: with one dead device among ten on a bus, the other nine are polled at least four times for each five times that they
// are polled without it.
func TestNineOfTen(t *testing.T) {
	for name, x := range map[string]tenth{
		"slow line, a second's patience": {turn: 60 * time.Millisecond, every: time.Second, silence: time.Second},
		"quick line, polled quickly":     {turn: 2 * time.Millisecond, every: 100 * time.Millisecond, silence: time.Second},
		"line that is nearly full":       {turn: 95 * time.Millisecond, every: time.Second, silence: time.Second},
		"line that is too full":          {turn: 150 * time.Millisecond, every: time.Second, silence: time.Second},
		"driver that waits for long":     {turn: 20 * time.Millisecond, every: time.Second, silence: time.Minute},
		"never given up": {turn: 20 * time.Millisecond, every: 200 * time.Millisecond, silence: time.Second, policy: &roostv1.SupervisionPolicy{
			FailedPolls: 1000, StaleAfter: durationpb.New(time.Hour),
		}},
		"commands for the dead one":      {turn: 20 * time.Millisecond, every: time.Second, silence: time.Second, senders: 1},
		"many commands for the dead one": {turn: 20 * time.Millisecond, every: time.Second, silence: time.Second, senders: 10},
	} {
		t.Run(name, func(t *testing.T) {
			without, with := x.polls(t, false), x.polls(t, true)
			share := float64(with) / float64(without)
			t.Logf("%s: %d polls in 2 min, and %d with a dead device on the line: %.1f %%", name, without, with, 100*share)
			if share < 0.8 {
				t.Errorf("%.1f %% of the polls are left, want 80 %%", 100*share)
			}
		})
	}
}
