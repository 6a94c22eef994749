package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/replay"
)

// envMutant names what is broken on purpose in the processes of a run, in a program that was built with the tag mutants.
const envMutant = "ROOST_MUTANT"

// assignment is NAME=VALUE.
var assignment = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=`)

// chaosEnv refuses what the processes of a run cannot be given. This program's own ROOST_MUTANT breaks this very process, which
// is the judge.
func (p program) chaosEnv(cmd *cobra.Command, env []string) error {
	if p.Getenv(envMutant) != "" {
		return usage(cmd, "%s is set, so this very process is broken, which is to judge: unset it, and see --env", envMutant)
	}
	for _, e := range env {
		name := assignment.FindStringSubmatch(e)
		switch {
		case name == nil:
			return usage(cmd, "--env %.40q is not NAME=VALUE", e)
		case name[1] == fleet.EnvRun:
			return usage(cmd, "--env %s is what processes of a run are found by", name[1])
		case name[1] == envMutant:
			if err := built("mutants", "--env has "+envMutant); err != nil {
				return err
			}
		}
	}
	return nil
}

// chaosEnvOf is what the processes of a run were given. It is refused if this program cannot do the same with it.
func (p program) chaosEnvOf(cmd *cobra.Command, first *replay.First) ([]string, error) {
	if first.Report != nil {
		for tag := range strings.SplitSeq(first.Report.Tags, ",") {
			if tag != "mutants" && tag != "failpoints" {
				continue // the others change nothing that is judged
			}
			if err := built(tag, "the program that made the run was built with it"); err != nil {
				return nil, err
			}
		}
	}
	return first.Environment(), p.chaosEnv(cmd, first.Environment())
}

// built says how to build this program with a tag, if it was built without.
func built(tag, why string) error {
	if slices.Contains(readVersion().tags, tag) {
		return nil
	}
	return &exit{exitSetup, fmt.Errorf("%s, and this program was built without the tag %s: build it with go build -tags %s ./nodes/roost", why, tag, tag)}
}

// envWords are the words of a command line that give processes an environment.
func envWords(env []string) (words []string) {
	for _, e := range env {
		words = append(words, "--env", shellWord(e))
	}
	return words
}

// plainWord is a word that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:,@%+=-]+$`)

// shellWord makes a word of a shell's of a text.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return quoted(s)
}
