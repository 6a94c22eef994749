package actors_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// board is a machine whose clocks a test moves: it was up for an hour when the test began, and its wall
// clock stands in 1970.
type board struct {
	began time.Time

	mu        sync.Mutex
	suspended time.Duration
	wall      time.Time // at the beginning
}

func newBoard() *board { return &board{began: time.Now(), wall: time.Unix(100, 0)} }

// Now is the boot clock, which runs on while the machine is suspended.
func (m *board) Now() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Hour + time.Since(m.began) + m.suspended
}

func (m *board) ID() string { return "boot-1" }

// suspend has passed that the monotonic clock did not see.
func (m *board) suspend(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspended += d
}

// set steps the wall clock by so much.
func (m *board) set(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wall = m.wall.Add(by)
}

func (m *board) wallClock() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wall.Add(time.Since(m.began))
}

// onBoard runs a gateway on a board, with a hub that is silent at first.
func onBoard(t *testing.T, s *script) (*bench, *board, *hub) {
	t.Helper()
	m, h := newBoard(), newHub()
	h.silence(true)
	b := start(t, drivers(s), func(c *actors.Config) { c.Clock, c.Boot, c.Wall = h, m, m.wallClock })
	return b, m, h
}

// times are when the readings of a batch were acquired, by what it says.
func times(b *roostv1.ReadingBatch) []time.Time {
	var all []time.Time
	for _, r := range b.Readings {
		all = append(all, b.BaseTime.AsTime().Add(time.Duration(r.AcquiredOffsetUs)*time.Microsecond))
	}
	return all
}

const century = 100 * 365 * 24 * time.Hour

// Readings are on this machine's clock, and say so, until the hub's is known. Which of the two does
// not depend on when they were sampled, but a batch is on one.
func TestReadingsAreOnTheHubsClockOnceThatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m, h := onBoard(t, &script{})
		b.assign(1, device("boiler-1"))
		sleep(3 * time.Second)
		b.store.hold(true)
		sleep(3 * time.Second) // one of these is in flight, the others wait
		waited := time.Now()
		h.silence(false)
		b.store.hold(false)
		sleep(3 * time.Second)
		var unsynced, synced int
		for _, batch := range b.store.of("boiler-1") {
			if batch.BootId != "boot-1" || batch.MonotonicUs < time.Hour.Microseconds() {
				t.Errorf("boot %q, monotonic %d", batch.BootId, batch.MonotonicUs)
			}
			up := time.Duration(batch.MonotonicUs)*time.Microsecond - time.Hour
			switch batch.ClockState {
			case roostv1.ClockState_CLOCK_STATE_UNSYNCED:
				unsynced += len(batch.Readings)
				if got, want := batch.BaseTime.AsTime(), m.wall.Add(up); got.Sub(want).Abs() > time.Microsecond || batch.ClockError != nil {
					t.Errorf("not synced: %v with error %v, want %v", got, batch.ClockError, want)
				}
			case roostv1.ClockState_CLOCK_STATE_SYNCED:
				synced += len(batch.Readings)
				want := time.Unix(1000, 0).Add(m.began.Add(up).Sub(h.from))
				if got := batch.BaseTime.AsTime(); got.Sub(want).Abs() > time.Microsecond {
					t.Errorf("synced: %v, want %v", got, want)
				}
				if bound := batch.ClockError.AsDuration(); bound < time.Millisecond || bound > 10*time.Millisecond {
					t.Errorf("the clock may be off by %v, want the clock's millisecond and a little", bound)
				}
			default:
				t.Errorf("clock state %s", batch.ClockState.Word())
			}
		}
		if unsynced < 3 || synced < 5 || time.Since(waited) < 3*time.Second {
			t.Errorf("%d readings not synced, %d synced", unsynced, synced)
		}
	})
}

// The readings of one batch are as far apart as they were sampled, whatever wall clock and hub do meanwhile; nor is a
// sample younger than it is since the machine was suspended.
func TestOneBatchIsOnOneClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m, h := onBoard(t, &script{})
		b.assign(1, device("boiler-1"))
		sleep(2 * time.Second)
		b.store.hold(true)
		sleep(2500 * time.Millisecond)
		m.set(century)
		sleep(2 * time.Second)
		m.suspend(time.Hour)
		sleep(2 * time.Second)
		m.set(-2 * century)
		h.silence(false)
		sleep(2 * time.Second)
		known := h.now()
		b.store.hold(false)
		synctest.Wait()
		all := b.store.of("boiler-1")
		last := all[len(all)-1]
		at := times(last)
		if len(at) < 7 || last.ClockState != roostv1.ClockState_CLOCK_STATE_SYNCED {
			t.Fatalf("the last batch has %d readings and is %s", len(at), last.ClockState.Word())
		}
		hours := 0
		for i := 1; i < len(at); i++ {
			switch apart := at[i].Sub(at[i-1]); {
			case (apart - time.Second).Abs() < 2*time.Microsecond:
			case (apart - time.Second - time.Hour).Abs() < 2*time.Microsecond:
				hours++
			default:
				t.Errorf("readings are %v apart", apart)
			}
		}
		if hours != 1 || known.Sub(at[len(at)-1]).Abs() > time.Second || known.Sub(at[0]) < time.Hour {
			t.Errorf("%d readings are an hour apart; from %v to %v, and it is %v", hours, at[0], at[len(at)-1], known)
		}
	})
}

// A wall clock that steps decides nothing: not what is published, not when, nor in which order.
func TestWallClockDecidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m, h := onBoard(t, &script{})
		p := boiler()
		p.Resources[0].Deadband, p.Resources[0].Heartbeat = 1, durationpb.New(4*time.Second)
		b.serve(p, device("boiler-1"))
		for i := range 10 {
			m.set(time.Duration(1-i%2*2) * century)
			if i == 5 {
				h.silence(false)
			}
			sleep(4 * time.Second)
		}
		all := b.store.of("boiler-1")
		if len(all) != 10 {
			t.Errorf("%d readings in 40 s with a heartbeat of 4 s, want 10", len(all))
		}
		for i := 1; i < len(all); i++ {
			apart := time.Duration(all[i].MonotonicUs-all[i-1].MonotonicUs) * time.Microsecond
			if apart < 4*time.Second || apart > 6*time.Second {
				t.Errorf("batches are %v apart", apart)
			}
		}
	})
}

// What a driver's wall clock says is not when a sample came. It is passed on as the device's word, through whatever
// becomes of the gateway's clocks. Not in a bubble: times have no monotonic reading there.
func TestWallTimesOfDriversAreTheDevices(t *testing.T) {
	word := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	own := time.Date(2033, 1, 1, 0, 0, 0, 0, time.UTC)
	s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
		return []actors.Sample{
			{Resource: "temp", Value: roostv1.Double(1), At: time.Now().Add(-time.Minute), Source: word},
			{Resource: "temp", Value: roostv1.Double(2), At: own},
			{Resource: "temp", Value: roostv1.Double(3), At: own, Source: word},
		}, nil
	}}
	for name, silent := range map[string]bool{"synced": false, "not synced": true} {
		t.Run(name, func(t *testing.T) {
			stored := make(chan *roostv1.ReadingBatch, 1000)
			m, h := newBoard(), newHub()
			h.silence(silent)
			b := start(t, drivers(s), func(c *actors.Config) {
				c.Clock, c.Boot, c.Wall, c.Store = h, m, m.wallClock, storeTo(stored)
			})
			a := &roostv1.Assignment{Bus: "boiler-1", Epoch: 1, Devices: []*roostv1.DeviceSpec{device("boiler-1")}, Profiles: []*roostv1.Profile{boiler()}}
			if err := b.Assign(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			batch := <-stored
			at := times(batch)
			if apart := at[1].Sub(at[0]); apart < time.Minute || apart > 2*time.Minute || !at[2].Equal(at[1]) {
				t.Errorf("acquired at %v", at)
			}
			for i, want := range []time.Time{word, own, word} {
				said := batch.BaseTime.AsTime().Add(time.Duration(batch.Readings[i].GetSourceOffsetUs()) * time.Microsecond)
				if said.Sub(want).Abs() > 2*time.Microsecond {
					t.Errorf("reading %d: the device said %v, want %v", i, said, want)
				}
			}
		})
	}
}

// storeTo is a store that passes on what it gets.
type storeTo chan<- *roostv1.ReadingBatch

func (s storeTo) Store(b *roostv1.ReadingBatch, done func(error)) { s <- b; done(nil) }

// A batch that is given again is the same, also when the clock was learned meanwhile.
func TestBatchThatIsGivenAgainHasTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _, h := onBoard(t, &script{})
		b.store.fail(errors.New("disk full"))
		b.assign(1, device("boiler-1"))
		sleep(2 * time.Second)
		h.silence(false)
		b.store.fail(nil)
		sleep(10 * time.Second)
		first := b.store.of("boiler-1")[0]
		if first.FirstSequence != 1 || first.ClockState != roostv1.ClockState_CLOCK_STATE_UNSYNCED {
			t.Errorf("the first batch begins at %d and is %s", first.FirstSequence, first.ClockState.Word())
		}
	})
}

// A gateway that has no hub is synced with nobody, and its commands expire by the time that passes.
func TestGatewayWithoutHubIsNotSynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1"))
		sleep(2 * time.Second)
		for _, batch := range b.store.of("boiler-1") {
			if batch.ClockState != roostv1.ClockState_CLOCK_STATE_UNSYNCED || batch.BootId != "" {
				t.Errorf("%s, boot %q", batch.ClockState.Word(), batch.BootId)
			}
			if age := time.Since(batch.BaseTime.AsTime()); age < 0 || age > 3*time.Second {
				t.Errorf("the batch is %v old", age)
			}
		}
	})
}
