package boottime_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

func TestInstant(t *testing.T) {
	i := boottime.Instant(3 * time.Second)
	later := i.Add(1500 * time.Millisecond)
	if got, want := later.Sub(i), 1500*time.Millisecond; got != want {
		t.Errorf("later by %v, want %v", got, want)
	}
	if !i.Before(later) || later.Before(i) || i.Before(i) {
		t.Errorf("the order of %v and %v is wrong", i, later)
	}
	if got, want := later.String(), "4.5s"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// While the machine is awake the boot clock and the monotonic clock run alike.
func TestClockRuns(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	before, monotonic := clock.Now(), time.Now()
	if before <= 0 {
		t.Errorf("the clock stands at %v", before)
	}
	<-time.After(20 * time.Millisecond)
	outer := time.Since(monotonic)
	now := clock.Now()
	if elapsed := now.Sub(before); elapsed < 20*time.Millisecond*9/10 || elapsed < outer*9/10 {
		t.Errorf("in %v the clock went on by %v", outer, elapsed)
	}
	for range 1000 {
		next := clock.Now()
		if next.Before(now) {
			t.Fatalf("the clock went back from %v to %v", now, next)
		}
		now = next
	}
}

func BenchmarkNow(b *testing.B) {
	clock, err := boottime.Open()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		clock.Now()
	}
}
