package plan

func cloneID() Scenario {
	return Scenario{Name: "clone-id", About: "a second gateway has the id of a first", Missing: "not built yet: needs a second folder of the same id"}
}
