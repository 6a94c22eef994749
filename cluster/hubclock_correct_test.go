package cluster

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// unsynced is a batch that was made at an instant, by a wall clock in 1970, of a device that has a clock of its own.
func unsynced(made boottime.Instant, word time.Time) *roostv1.ReadingBatch {
	base := time.Unix(100, 0)
	return &roostv1.ReadingBatch{
		DeviceId: "d1", Epoch: 7, FirstSequence: 5, BaseTime: timestamppb.New(base), BootId: "this",
		ClockState: roostv1.ClockState_CLOCK_STATE_UNSYNCED, MonotonicUs: time.Duration(made).Microseconds(),
		Readings: []*roostv1.Reading{
			{Resource: "a", AcquiredOffsetUs: 0},
			{Resource: "b", AcquiredOffsetUs: 1500, SourceOffsetUs: new(word.Sub(base).Microseconds())},
		},
	}
}

// TestCorrect: batches of this boot get the hub's time once it is known, within the bound that they then
// tell; all else about them, and what the device said, stays.
func TestCorrect(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	h := &HubClock{clock: clock, boot: "this"}
	now := clock.Now()
	made, word := now.Add(-10*time.Second), time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	b := unsynced(made, word)
	before := proto.CloneOf(b)
	if h.Correct(b) || !proto.Equal(b, before) {
		t.Error("corrected before the hub's time was known")
	}
	hub := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) // at now
	h.learn(hub, now.Add(-20*time.Millisecond), now.Add(20*time.Millisecond))
	if !h.Correct(b) {
		t.Fatal("not corrected")
	}
	bound := b.ClockError.AsDuration()
	if off := b.BaseTime.AsTime().Sub(hub.Add(-10 * time.Second)).Abs(); off > bound || bound < 20*time.Millisecond || bound > 30*time.Millisecond {
		t.Errorf("base time %v is off by %v, bound %v", b.BaseTime.AsTime(), off, bound)
	}
	said := b.BaseTime.AsTime().Add(time.Duration(b.Readings[1].GetSourceOffsetUs()) * time.Microsecond)
	if said.Sub(word).Abs() > 2*time.Microsecond {
		t.Errorf("the device said %v, want %v", said, word)
	}
	if b.ClockState != roostv1.ClockState_CLOCK_STATE_SYNCED || b.MonotonicUs != before.MonotonicUs || b.Readings[1].AcquiredOffsetUs != 1500 {
		t.Errorf("got %v", b)
	}
	if again := proto.CloneOf(b); h.Correct(b) || !proto.Equal(b, again) {
		t.Error("corrected twice")
	}
}

// TestCorrectLeavesOthersAlone: what cannot be known is not made up.
func TestCorrectLeavesOthersAlone(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	h := &HubClock{clock: clock, boot: "this"}
	now := clock.Now()
	h.learn(time.Unix(1<<31, 0), now, now)
	for name, change := range map[string]func(*roostv1.ReadingBatch){
		"of another boot":      func(b *roostv1.ReadingBatch) { b.BootId = "other" },
		"of an unnamed boot":   func(b *roostv1.ReadingBatch) { b.BootId = "" },
		"synced":               func(b *roostv1.ReadingBatch) { b.ClockState = roostv1.ClockState_CLOCK_STATE_SYNCED },
		"of who said nothing":  func(b *roostv1.ReadingBatch) { b.ClockState = roostv1.ClockState_CLOCK_STATE_UNSPECIFIED },
		"without boot clock":   func(b *roostv1.ReadingBatch) { b.MonotonicUs = 0 },
		"from the future":      func(b *roostv1.ReadingBatch) { b.MonotonicUs += time.Hour.Microseconds() },
		"from before the boot": func(b *roostv1.ReadingBatch) { b.MonotonicUs = -1 },
	} {
		b := unsynced(now, time.Unix(5, 0))
		change(b)
		if before := proto.CloneOf(b); h.Correct(b) || !proto.Equal(b, before) {
			t.Errorf("a batch %s was corrected: %v", name, b)
		}
	}
	if (&HubClock{clock: clock}).Correct(unsynced(now, time.Unix(5, 0))) {
		t.Error("corrected by a clock of an unnamed boot")
	}
	if h.Correct(nil) {
		t.Error("corrected nothing")
	}
}

// TestCorrectIsLessSureOfOlder: two clocks part with the time, backwards too.
func TestCorrectIsLessSureOfOlder(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	h := &HubClock{clock: clock, boot: "this"}
	now := clock.Now()
	h.learn(time.Unix(1<<31, 0), now, now)
	b := unsynced(boottime.Instant(time.Second), time.Unix(5, 0))
	if !h.Correct(b) {
		t.Fatal("not corrected")
	}
	age := now.Sub(boottime.Instant(time.Second))
	if bound, want := b.ClockError.AsDuration(), time.Duration(float64(age)*clockDrift); (bound - want).Abs() > time.Millisecond {
		t.Errorf("after %v the bound is %v, want %v", age, bound, want)
	}
}
