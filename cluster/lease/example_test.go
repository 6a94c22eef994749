package lease_test

import (
	"fmt"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
)

// A driver tells a holder what happens and does what it asks for. Here the hub is away for a while, and
// then it turns out that a peer was not so patient as it should have been.
func ExampleHolder() {
	start := boottime.Instant(time.Hour)
	now := start
	show := func(s lease.Step) {
		fmt.Printf("%5v %v", now.Sub(start).Round(time.Millisecond), s.Change)
		switch s.Action {
		case lease.WriteRecord:
			fmt.Printf(", write number %d in place of %d", s.Write.Renewal, s.Write.Expect)
		case lease.ReadRecord:
			fmt.Print(", read")
		}
		fmt.Println()
	}

	h, err := lease.NewHolder(lease.Terms{Lease: 2 * time.Second}, "7c9e6679")
	if err != nil {
		fmt.Println(err)
		return
	}
	show(h.Tick(now))
	first := h.Saw(now, lease.Record{}) // there is none yet
	show(first)
	show(h.Acked(now, first.Write, 40))

	var last lease.Write
	for now.Sub(start) < 2*time.Second { // the hub does not answer
		now, _ = h.Next()
		step := h.Tick(now)
		if step.Action == lease.WriteRecord {
			last = step.Write
		}
		show(step)
	}
	now = now.Add(100 * time.Millisecond)
	show(h.Acked(now, last, 41)) // it is back

	now = now.Add(100 * time.Millisecond)
	show(h.Saw(now, lease.Record{Sequence: 57, Incarnation: "7c9e6679", State: evictedS}))

	// Output:
	//    0s unchanged, read
	//    0s unchanged, write number 1 in place of 0
	//    0s granted
	// 333ms unchanged, write number 2 in place of 40
	// 833ms unchanged, write number 3 in place of 40
	// 1.333s unchanged, write number 4 in place of 40
	// 1.833s unchanged, write number 5 in place of 40
	//    2s suspended
	//  2.1s resumed
	//  2.2s lost
}
