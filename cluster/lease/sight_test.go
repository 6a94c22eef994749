package lease_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/lease"
)

func TestSight(t *testing.T) {
	s, err := lease.NewSight(lease.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	blind := func(now time.Duration, want bool) {
		t.Helper()
		if got := s.Blind(at(now)); got != want {
			t.Fatalf("at %v: blind is %v", now, got)
		}
	}
	const late = lease.DefaultLease / 2

	blind(time.Hour, false) // nothing is awaited
	s.Acked(at(0), 10)
	blind(late, false)
	blind(late+1, true)
	s.Passed(9)
	blind(late+1, true)
	s.Passed(12)
	blind(time.Hour, false)

	s.Acked(at(time.Hour), 11) // it came before its acknowledgement
	blind(2*time.Hour, false)

	// The picture moves, but not as fast as what is written.
	s.Acked(at(0), 20)
	s.Acked(at(interval), 30)
	s.Acked(at(2*interval), 40)
	s.Passed(20)
	blind(2*interval+late, false)
	blind(2*interval+late+1, true)
	s.Replaced(at(2*interval + late + 1))
	blind(2*interval+2*late+1, false)
	blind(2*interval+2*late+2, true)
	s.Passed(40)
	blind(time.Hour, false)
	s.Replaced(at(0))
	blind(time.Hour, false)
}
