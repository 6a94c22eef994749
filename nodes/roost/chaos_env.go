package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/replay"
)

// envMutant names what is broken on purpose in the processes of a run, in a program that was built with the tag mutants.
const envMutant = "ROOST_MUTANT"

// chaosEnv is what of this program's environment is for the processes of a run.
func (p program) chaosEnv() ([]string, error) {
	name := p.Getenv(envMutant)
	if name == "" {
		return nil, nil
	}
	if err := built("mutants", fmt.Sprintf("%s is set", envMutant)); err != nil {
		return nil, err
	}
	return []string{envMutant + "=" + name}, nil
}

// chaosEnvOf is what the processes of a run were given. It is refused if this program cannot do the same with it.
func chaosEnvOf(first *replay.First) ([]string, error) {
	if first.Report == nil {
		return nil, nil
	}
	for tag := range strings.SplitSeq(first.Report.Tags, ",") {
		if tag != "mutants" && tag != "failpoints" {
			continue // the others change nothing that is judged
		}
		if err := built(tag, "the program that made the run was built with it"); err != nil {
			return nil, err
		}
	}
	return first.Environment(), nil
}

// built says how to build this program with a tag, if it was built without.
func built(tag, why string) error {
	if slices.Contains(readVersion().tags, tag) {
		return nil
	}
	return &exit{exitSetup, fmt.Errorf("%s, and this program was built without the tag %s: build it with go build -tags %s ./nodes/roost", why, tag, tag)}
}
