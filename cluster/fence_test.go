package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func openFence(t *testing.T) (*Fence, boottime.Clock) {
	t.Helper()
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	return newFence(clock), clock
}

// TestFenceNeedsNobodyToShut: past its instant nobody enters, also if nobody has told the fence: the
// process may have been stopped, and its timers not have run.
func TestFenceNeedsNobodyToShut(t *testing.T) {
	f, clock := openFence(t)
	if f.Open() {
		t.Error("open before there was a lease")
	}
	f.set(clock.Now().Add(time.Hour))
	if !f.Open() {
		t.Fatal("shut an hour before its instant")
	}
	f.at = clock.Now() // as if the hour had passed without anybody running
	if _, _, ok := f.Enter(t.Context()); ok || f.Open() {
		t.Error("open past its instant")
	}
}

// TestFenceEndsWhatIsUnderWay: an act ends when the lease does, with the reason; one that began under a
// lease that has lapsed ends also if there is a new lease by now; renewals leave it alone.
func TestFenceEndsWhatIsUnderWay(t *testing.T) {
	f, clock := openFence(t)
	f.set(clock.Now().Add(time.Hour))
	act, leave, ok := f.Enter(t.Context())
	defer leave()
	f.set(clock.Now().Add(2 * time.Hour))
	if !ok || act.Err() != nil {
		t.Fatal("a renewal ended an act")
	}
	f.at = clock.Now() // the two hours have passed
	f.set(clock.Now().Add(time.Hour))
	<-act.Done()
	if err := context.Cause(act); !errors.Is(err, roostv1.ErrSuspended) {
		t.Errorf("ended with %v, want ErrSuspended", err)
	}
	if !f.Open() {
		t.Error("the new lease does not count")
	}
	next, leave, _ := f.Enter(t.Context())
	defer leave()
	f.set(0)
	<-next.Done()
	if f.Open() {
		t.Error("open without a lease")
	}
}

// TestFenceShutsByItself: an act ends when its lease does, also if whoever sets the fence is held up, as by
// a connection that takes nothing any more.
func TestFenceShutsByItself(t *testing.T) {
	f, clock := openFence(t)
	f.set(clock.Now().Add(20 * time.Millisecond))
	f.set(clock.Now().Add(60 * time.Millisecond)) // the first timer comes too early
	act, leave, ok := f.Enter(t.Context())
	defer leave()
	if !ok {
		t.Fatal("shut before its time")
	}
	at := f.at
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	select {
	case <-act.Done():
	case <-late.C:
		t.Fatal("the act goes on without a lease")
	}
	if now := clock.Now(); now.Before(at) {
		t.Errorf("ended %v before its time", at.Sub(now))
	}
}
