package fault

import "github.com/roost-iot/roost/nodes/chaos/history"

func clockKind() Kind {
	return Kind{Name: "clock", About: "a wall clock is set", Recorded: history.FaultClock, Missing: "the gateway's wall clock cannot be set yet"}
}
