//go:build !mutants

package selftest

// breakHarness breaks this very process; without the tag nothing can be broken.
func breakHarness(string) {}
