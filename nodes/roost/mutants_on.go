//go:build mutants

package main

import (
	"fmt"
	"os"

	"github.com/roost-iot/roost/nodes/chaos/selftest"
)

// withMutants is whether the program can be broken on purpose.
const withMutants = true

// checkMutant refuses to run as a mutant that there is not.
func checkMutant() error {
	if err := selftest.Known(os.Getenv(selftest.Env)); err != nil {
		return &exit{exitUsage, fmt.Errorf("%s: %w", selftest.Env, err)}
	}
	return nil
}
