package fault

import "github.com/roost-iot/roost/nodes/chaos/history"

func powerCutKind() Kind {
	return Kind{Name: "power-cut", About: "unsynced data is lost", Recorded: history.FaultPowerCut, Missing: "not built yet: it needs root and loop images"}
}
