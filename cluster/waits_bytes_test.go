package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestWaitsAreBoundInBytes: those who wait for a command share its record, and of how many commands records are
// kept is bounded by what they take; whoever is beyond that is told the present record at once.
func TestWaitsAreBoundInBytes(t *testing.T) {
	ws := newWaits(func(r *roostv1.CommandRecord) *roostv1.CommandRecord { return r })
	record := func(order int) *roostv1.CommandRecord {
		return &roostv1.CommandRecord{
			State: stateAccepted, Order: uint64(order), Command: &roostv1.Command{Reason: strings.Repeat("x", 1<<20)},
			Transitions: []*roostv1.CommandTransition{{State: stateAccepted}},
		}
	}
	answers := 0
	wait := func(key string, r *roostv1.CommandRecord) *wait {
		t.Helper()
		w, err := ws.add(key, time.Minute, func(got *roostv1.CommandRecord, err error) {
			answers++
			if err != nil || !proto.Equal(got, r) {
				t.Errorf("got %v, %v", got.GetState(), err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		ws.is(w, r)
		return w
	}
	const fit = maxWaitBytes>>20 - 1
	for range 2 * fit {
		if first, w := ws.open["same"], wait("same", record(1)); first != nil && w.record != first[0].record {
			t.Fatal("the same record is kept twice")
		}
	}
	for i := range fit + 10 {
		wait(fmt.Sprint(i), record(i+2))
	}
	ws.answerAll()
	if answers < 10 || answers > 13 || ws.bytes > maxWaitBytes {
		t.Errorf("%d were told at once, the others keep %d bytes", answers, ws.bytes)
	}
	ws.close()
	ws.answerAll()
	if answers != 3*fit+10 || ws.bytes != 0 {
		t.Errorf("%d were told, and %d bytes are kept for nobody", answers, ws.bytes)
	}
}

// TestReadRequestIsNotKept: a request is not kept for as long as its answer takes.
func TestReadRequestIsNotKept(t *testing.T) {
	x := &exchange{data: []byte("{}")}
	if err := x.read(&roostv1.SendRequest{}); err != nil || x.data != nil || !x.inJSON {
		t.Errorf("got %v, %d bytes kept, JSON %v", err, len(x.data), x.inJSON)
	}
}
