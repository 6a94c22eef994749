package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
)

var logLevels = []string{"debug", "info", "warn", "error"}

// logLevelFlag adds --log-level to a command.
func logLevelFlag(cmd *cobra.Command, level *string) {
	cmd.Flags().StringVar(level, "log-level", "warn", "`LEVEL` of the log: debug, info, warn or error")
	_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions(logLevels, noFiles)) // the flag is there
}

func parseLogLevel(text string) (level slog.Level, err error) {
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("--log-level %.20q is none of debug, info, warn, error", text)
	}
	return level, nil
}
