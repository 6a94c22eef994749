package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/exec"
	"github.com/roost-iot/roost/actors/drivers/keys"
)

// envExecAllow stands in for --exec-allow; several paths are separated as in PATH.
const envExecAllow = "ROOST_EXEC_ALLOW"

// execAllow is what the driver exec may run. It is for whoever runs the gateway: what the fleet names is not to be run on its
// word alone.
type execAllow struct{ paths []string }

// flag adds --exec-allow to a command.
func (a *execAllow) flag(cmd *cobra.Command, p program) {
	const name = "exec-allow"
	cmd.Flags().StringArrayVar(&a.paths, name, filepath.SplitList(p.Getenv(envExecAllow)),
		"`PATH` of a program, or of a folder of programs, that devices of the driver exec may run (default: none); may be given again; also "+envExecAllow)
	_ = cmd.MarkFlagFilename(name) // the flag is there
}

// check checks what was given, and makes it absolute.
func (a *execAllow) check() error {
	for i, path := range a.paths {
		absolute, err := filepath.Abs(path)
		if err == nil {
			_, err = os.Stat(absolute)
		}
		if err != nil {
			return fmt.Errorf("--exec-allow %s: %w", path, err)
		}
		a.paths[i] = absolute
	}
	return nil
}

// drivers are those that are not as they come.
func (a *execAllow) drivers(places *keys.Places, log *slog.Logger) map[string]actors.Driver {
	return map[string]actors.Driver{exec.Name: &exec.Driver{Allow: a.paths, Secrets: places, Log: log}}
}

// args hands what is allowed on to another process.
func (a *execAllow) args() (args []string) {
	for _, path := range a.paths {
		args = append(args, "--exec-allow", path)
	}
	return args
}
