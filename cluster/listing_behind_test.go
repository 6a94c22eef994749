package cluster

import (
	"slices"
	"testing"
)

// TestEndedStaysEndedBehind: a listing from a server that is behind has records of commands that ended after what it
// has. They do not come back, not even while it catches up.
func TestEndedStaysEndedBehind(t *testing.T) {
	f := newFeed(t)
	f.begin(20, 4)
	f.device(10, 3)
	f.owner("g", 13, 2)
	f.command("x", stateAccepted, 14, 14, 1)
	f.command("later", stateAccepted, 15, 15, 0)
	f.command("x", stateSucceeded, 14, 16, 0)
	f.owner("h", 20, 0)

	f.begin(20, 4) // the server has messages up to 15
	f.device(10, 3)
	f.owner("g", 13, 2)
	f.command("x", stateAccepted, 14, 14, 1)
	if open := f.open(); !slices.Equal(open, []string{"later"}) {
		t.Errorf("in the listing: got %v", open)
	}
	f.command("later", stateAccepted, 15, 15, 0)
	if open := f.open(); !slices.Equal(open, []string{"later"}) || f.picture.Owner("d").Gateway != "h" {
		t.Errorf("after it: got %v of %v", open, f.picture.Owner("d"))
	}
	f.command("x", stateSucceeded, 14, 16, 1)
	f.owner("h", 20, 0)
	f.command("new", stateAccepted, 21, 21, 0)
	if open := f.open(); !slices.Equal(open, []string{"later", "new"}) {
		t.Errorf("when it has caught up: got %v", open)
	}
}

// TestBehindIsNotGone: what a listing from a server that is behind does not have yet is still there: owners,
// devices and commands.
func TestBehindIsNotGone(t *testing.T) {
	f := newFeed(t)
	f.begin(12, 3)
	f.command("gone", stateAccepted, 8, 8, 3)
	f.command("first", stateAccepted, 9, 9, 2)
	f.device(10, 1)
	f.owner("g", 11, 0)
	f.command("second", stateAccepted, 12, 12, 0)

	f.begin(12, 1)
	f.command("first", stateAccepted, 9, 9, 0) // that is all that the server has
	if open := f.open(); !slices.Equal(open, []string{"first", "second"}) {
		t.Errorf("got %v", open)
	}
	if owner, devices := f.picture.Bus("d"); owner.Epoch != 11 || len(devices) != 1 {
		t.Errorf("got %v, %v", owner, devices)
	}
}

// TestBehindIsNotPassed: a listing has come as far as what it had, and not as far as another server says that
// the stream is: whoever waits for his own record would go on without it.
func TestBehindIsNotPassed(t *testing.T) {
	f := newFeed(t)
	f.begin(20, 2)
	f.owner("g", 13, 1)
	f.command("x", stateAccepted, 14, 14, 0)
	if passed := f.picture.Passed(); passed != 14 || f.picture.has(15) || !f.picture.has(14) {
		t.Errorf("the picture passed %d", passed)
	}
	f.begin(20, 0)
	if passed := f.picture.Passed(); passed != 14 {
		t.Errorf("a listing without anything: the picture passed %d", passed)
	}
}
