package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

const chaosCleanupHelp = `Undo what a run has left behind whose harness was killed: processes, networks,
mounts, and the data of the nodes. Each run writes down what it is about to do
before it does it, and this goes by that (manifest.ndjson in the folder of the
run). Report and history stay. A run that goes on is left alone, and is an
error. It may be called any number of times; exit code 3 says that something
stayed.`

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
				found, err := filepath.Glob(chaos.ManifestPath(filepath.Join(below, "*")))
				if err != nil {
					return chaosError(err)
				}
				shrinking, err := filepath.Glob(chaos.ManifestPath(filepath.Join(below, "*", chaosShrinking)))
				if err != nil {
					return chaosError(err)
				}
				found = append(found, shrinking...)
				for _, manifest := range found {
					if folder := filepath.Dir(manifest); filepath.Base(folder) != chaosLatest { // a link to another one
						args = append(args, folder)
					}
				}
			}
			for _, folder := range args {
				if err := cleanUp(p, folder); err != nil {
					return chaosError(err)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all runs below --report")
	cmd.Flags().StringVar(&below, "report", "roost-chaos", "`FOLDER` below which runs have theirs")
	return cmd
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
