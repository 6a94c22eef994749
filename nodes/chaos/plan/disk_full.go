package plan

func diskFull() Scenario {
	return Scenario{Name: "disk-full", About: "the disk has no room", Missing: "not built yet: needs a small disk"}
}
