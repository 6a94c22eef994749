package fault

import "github.com/roost-iot/roost/nodes/chaos/history"

func panicKind() Kind {
	return Kind{Name: "panic", About: "a device's actor panics", Recorded: history.FaultPanic, Missing: "there is no failpoint in the actor yet"}
}
