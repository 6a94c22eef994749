package fault

import "github.com/roost-iot/roost/nodes/chaos/history"

func hangKind() Kind {
	return Kind{Name: "hang", About: "a device's driver hangs", Recorded: history.FaultHang, Missing: "there is no failpoint in the driver yet"}
}
