package check_test

import (
	"fmt"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

func Example() {
	second := boottime.Instant(time.Second)
	call := &history.Call{Command: "c-118", Client: "client-2", Device: "rig-7", Class: history.Relative, Resource: "dose", Value: "5"}
	first := &history.Action{Device: "rig-7", Command: "c-118", Resource: "dose", Value: "5", Epoch: 41, Peer: gw1, Done: true}
	again := &history.Action{Device: "rig-7", Command: "c-118", Resource: "dose", Value: "5", Epoch: 57, Peer: gw2, Done: true}
	for i, r := range []history.Record{call, first, again} {
		*r.Stamped() = history.Stamp{At: boottime.Instant(i+1) * second, Recorder: "story", Number: uint64(i + 1)}
	}
	result := check.AtMostOnce(history.New([]history.Record{call, first, again}))
	fmt.Println(result.ID, result.Verdict)
	for _, v := range result.Violations {
		fmt.Println(v)
		for _, line := range v.Around {
			fmt.Printf("  %v %-6s %s\n", line.At, line.Lane, line.Text)
		}
	}
	// Output:
	// C4 violated
	// C4 c-118: c-118 wrote dose 2 times
	//   1s client client-2 asks rig-7 to set dose to 5 with c-118 (RELATIVE) within 0s
	//   2s truth  rig-7 is told by gw-1/i1 to set dose to 5 for c-118, epoch 41
	//   3s truth  rig-7 is told by gw-2/i1 to set dose to 5 for c-118, epoch 57
}
