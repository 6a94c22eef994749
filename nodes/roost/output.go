package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// jsonFlag adds --json to a command and those below it.
func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.PersistentFlags().BoolVar(asJSON, "json", false, "one protobuf-JSON object a line, for scripts")
}

// writeJSON writes messages, each in one line.
func writeJSON[M proto.Message](p program, messages ...M) error {
	for _, m := range messages {
		line, err := roostv1.Marshal(m, true)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(p.Out, "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// screen is what the output can do.
func (p program) screen() console.Screen { return console.NewScreen(p.Out, p.Getenv) }
