package plan

func upgrade() Scenario {
	return Scenario{Name: "upgrade", About: "gateways are replaced one by one", Missing: "not built yet: needs a second binary"}
}
