package selftest

// supervision are mutants of what is promised of devices that fail.
func supervision() []Mutant {
	return nil
}
