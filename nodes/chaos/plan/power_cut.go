package plan

func powerCut() Scenario {
	return Scenario{Name: "power-cut", About: "unsynced data is lost", Missing: "not built yet: needs root and loop images"}
}
