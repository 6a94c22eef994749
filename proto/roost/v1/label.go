package roostv1

// MatchLabels reports whether labels has every entry of selector. An empty selector
// matches everything.
func MatchLabels(selector, labels map[string]string) bool {
	for key, want := range selector {
		if got, ok := labels[key]; !ok || got != want {
			return false
		}
	}
	return true
}
