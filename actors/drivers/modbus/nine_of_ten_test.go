package modbus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// tally is a store that counts the good readings of each device.
type tally struct {
	mu   sync.Mutex
	good map[string]int
}

func (c *tally) Store(b *roostv1.ReadingBatch, done func(error)) {
	c.mu.Lock()
	for _, r := range b.Readings {
		if r.Quality != roostv1.Quality_QUALITY_BAD {
			c.good[b.DeviceId]++
		}
	}
	c.mu.Unlock()
	done(nil)
}

// least returns how many readings the one of the nine has of which there are fewest.
func (c *tally) least() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	least := -1
	for n := range 9 {
		if got := c.good[fmt.Sprintf("m%d", n+1)]; least < 0 || got < least {
			least = got
		}
	}
	return least
}

// lineOf returns ten devices on a line; the tenth is the unit.
func lineOf(address string, unit int) *roostv1.Assignment {
	profile := &roostv1.Profile{Id: "p", Revision: 1, Resources: []*roostv1.Resource{
		{Name: "level", Type: roostv1.ValueType_VALUE_TYPE_UINT, Protocol: map[string]string{"address": "10"}},
	}}
	a := &roostv1.Assignment{Bus: "line", Epoch: 1, Profiles: []*roostv1.Profile{profile}}
	for n := range 10 {
		at := n + 1
		if n == 9 {
			at = unit
		}
		d := device(fmt.Sprintf("m%d", n+1), fmt.Sprintf("%s unit=%d reply=250ms", address, at)).Spec
		d.Revision, d.Bus, d.PollInterval = 1, a.Bus, durationpb.New(200*time.Millisecond)
		a.Devices = append(a.Devices, d)
	}
	return a
}

// read has a gateway read a line for a time, and returns how many readings each of the nine devices has at least.
func read(ctx context.Context, a *roostv1.Assignment, during time.Duration) (least int, err error) {
	c := &tally{good: make(map[string]int)}
	g, err := actors.New(actors.Config{ID: "gw-1", Drivers: map[string]actors.Driver{modbus.Name: new(modbus.Driver)}, Store: c})
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	if err := g.Assign(ctx, a); err != nil {
		cancel()
		return 0, errors.Join(err, <-ended)
	}
	err = <-ended
	return c.least(), err
}

// TestNineOfTen: of ten devices on a line one does not answer, and the others are read at least four times for each five times that they
// are read while it does. The line is counted from the beginning, when nothing is known of the dead one yet.
func TestNineOfTen(t *testing.T) {
	const during = 8 * time.Second
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			// At the same time, so that both find the machine equally busy.
			lines := []*roostv1.Assignment{lineOf(startPeer(t, way, "10").address, 10), lineOf(startPeer(t, way, "10").address, 11)}
			var readings [2]int
			var all errgroup.Group
			for i, line := range lines {
				all.Go(func() (err error) {
					readings[i], err = read(t.Context(), line, during)
					return err
				})
			}
			if err := all.Wait(); err != nil {
				t.Fatal(err)
			}
			without, with := readings[0], readings[1]
			share := float64(with) / float64(without)
			t.Logf("%s: %d readings in %v, and %d with a dead device on the line: %.1f %%", way, without, during, with, 100*share)
			if share < 0.8 {
				t.Errorf("%.1f %% of the readings are left, want 80 %%", 100*share)
			}
		})
	}
}
