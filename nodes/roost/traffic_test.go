package main_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// traffic sends commands to all devices, whatever becomes of them, and counts what it is told.
type traffic struct {
	tb       testing.TB
	client   *cluster.Client
	mu       sync.Mutex
	outcomes map[string]int
	cancel   context.CancelFunc
	senders  sync.WaitGroup
}

// drive begins to send commands that must not be repeated, a few at a time, to all devices in turn.
func (f *fleet) drive(senders int) *traffic {
	ctx, cancel := context.WithCancel(context.Background())
	t := &traffic{tb: f.tb, client: f.client, outcomes: map[string]int{}, cancel: cancel}
	for s := range senders {
		t.senders.Go(func() {
			for i := s; ctx.Err() == nil; i += senders {
				t.send(ctx, f.devices[i%len(f.devices)].Id)
			}
		})
	}
	f.tb.Cleanup(func() { t.stop() })
	return t
}

// flood has commands accepted for the devices, many for each, and waits for no answer: a gateway that is stopped
// finds them all when it goes on.
func (f *fleet) flood(devices map[string]bool) {
	f.tb.Helper()
	names, err := cluster.SubjectsOf(cluster.DefaultFleet)
	if err != nil {
		f.tb.Fatal(err)
	}
	for i := range 20 {
		for device := range devices {
			request := &roostv1.SendRequest{Command: &roostv1.Command{
				Id: fmt.Sprintf("flood-%s-%d", device, i), DeviceId: device, Name: "pulse",
			}}
			data, err := roostv1.Marshal(request, false)
			if err == nil {
				err = f.nc.Publish(names.Send(), data)
			}
			if err != nil {
				f.tb.Fatal(err)
			}
		}
	}
}

// send sends one command, and then rests a little.
func (t *traffic) send(ctx context.Context, device string) {
	record, err := t.client.Send(context.WithoutCancel(ctx), &roostv1.Command{
		DeviceId: device, Name: "dose", Arguments: map[string]*roostv1.Value{"ml": roostv1.Double(1)},
	}, 2*time.Second)
	outcome := record.GetState().Word()
	if err != nil {
		outcome = "error " + roostv1.StatusOf(err).GetCode().String()
		if !errors.Is(err, roostv1.ErrUnavailable) && !errors.Is(err, roostv1.ErrOutcomeUnknown) &&
			!errors.Is(err, roostv1.ErrNotOwner) && !errors.Is(err, roostv1.ErrBusy) {
			t.tb.Errorf("send to %s: %v", device, err)
		}
	}
	t.mu.Lock()
	t.outcomes[outcome]++
	t.mu.Unlock()
	rest := time.NewTimer(5 * time.Millisecond)
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-ctx.Done():
	}
}

// stop ends the traffic and returns what it was told, by outcome.
func (t *traffic) stop() map[string]int {
	t.cancel()
	t.senders.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.outcomes)
}

func (t *traffic) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := ""
	for _, outcome := range slices.Sorted(maps.Keys(t.outcomes)) {
		s += fmt.Sprintf("%s %d, ", outcome, t.outcomes[outcome])
	}
	return s
}
