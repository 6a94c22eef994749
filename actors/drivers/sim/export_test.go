package sim

// ReparseSchedule reads a schedule, writes it, and reads that: both texts as written.
func ReparseSchedule(text string) (first, second string, err error) {
	s, err := parseSchedule(text)
	if err != nil {
		return "", "", err
	}
	again, err := parseSchedule(s.String())
	return s.String(), again.String(), err
}

// FaultNames returns the names of all faults.
func FaultNames() []string {
	var names []string
	for _, f := range faults() {
		names = append(names, f.name)
	}
	return names
}
