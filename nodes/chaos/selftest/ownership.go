package selftest

// ownership are mutants of who may act: lease, claims, fence, detection of failures.
func ownership() []Mutant {
	return nil
}
