package fault

import "github.com/roost-iot/roost/nodes/chaos/history"

func diskFullKind() Kind {
	return Kind{Name: "disk-full", About: "the disk has no room", Recorded: history.FaultDiskFull, Missing: "not built yet"}
}
