package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

const chaosCleanupHelp = `Undo what a run has left behind whose harness was killed: processes, networks,
mounts, and the data of the nodes. Each run writes down what it is about to do
before it does it, and this goes by that (manifest.ndjson in the folder of the
run). Report and history stay. A run that goes on is left alone, and is an
error; so is one on a system without /proc, where it cannot be told. With --all
the others are cleaned up all the same. It may be called any number of times;
exit code 3 says that something stayed.`

// newChaosCleanup is roost chaos cleanup: what a crash has left.
func newChaosCleanup(p program) *cobra.Command {
	all := false
	below := ""
	cmd := &cobra.Command{
		Use: "cleanup [RUN-FOLDER]", Short: "Undo what a run has left behind whose harness was killed", Long: chaosCleanupHelp,
		Args: takes("[RUN-FOLDER]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return usage(cmd, "either RUN-FOLDER or --all")
			}
			if all {
				found, err := chaosFolders(below)
				if err != nil {
					return chaosError(err)
				}
				args = found
			}
			var errs error // what stayed of one run is no reason to leave another as it is
			for _, folder := range args {
				errs = errors.Join(errs, cleanUp(p, folder))
			}
			return chaosError(errs)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all runs below --report")
	cmd.Flags().StringVar(&below, "report", "roost-chaos", "`FOLDER` below which runs have theirs")
	return cmd
}

// runDepth is how deep runs may be below the folder of runs: those of a self-test are in its folder, and one that shrink tries
// is in that of another run.
const runDepth = 3

// chaosFolders returns the folders of the runs below a folder.
func chaosFolders(below string) ([]string, error) {
	var folders []string
	inside := below
	for range runDepth {
		inside = filepath.Join(inside, "*")
		found, err := filepath.Glob(chaos.ManifestPath(inside))
		if err != nil {
			return nil, err
		}
		for _, manifest := range found {
			folder := filepath.Dir(manifest)
			within, err := filepath.Rel(below, folder)
			if err != nil {
				return nil, err
			}
			if strings.Split(within, string(filepath.Separator))[0] != chaosLatest { // a link to another one
				folders = append(folders, folder)
			}
		}
	}
	return folders, nil
}

func cleanUp(p program, folder string) error {
	if _, err := os.Stat(folder); err != nil {
		return fmt.Errorf("there is no run to clean up: %w", err)
	}
	done, err := chaos.Cleanup(folder)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Out, "%s: %d things were left, %d processes killed, %d folders removed\n", folder, len(done.Left), done.Killed, len(done.Removed))
	return err
}
