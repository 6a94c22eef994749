package plan

func longOutage() Scenario {
	return Scenario{Name: "long-outage", About: "the hub is away for longer than its memory of duplicates", Missing: "not built yet: needs the spool"}
}
