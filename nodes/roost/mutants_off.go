//go:build !mutants

package main

// withMutants is whether the program can be broken on purpose. See mutants_on.go.
const withMutants = false

func checkMutant() error { return nil }
