package plan

func crashLoop() Scenario {
	return Scenario{Name: "crash-loop", About: "a device's actor panics again and again", Missing: "not built yet: needs a failpoint in the actor"}
}
