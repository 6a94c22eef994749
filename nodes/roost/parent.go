package main

import (
	"io"

	"github.com/spf13/cobra"
)

// parentFlag adds the flag by which roost up has its children end with it.
func parentFlag(cmd *cobra.Command, withParent *bool) {
	const name = "with-parent"
	cmd.Flags().BoolVar(withParent, name, false, "end in order when the standard input ends")
	_ = cmd.Flags().MarkHidden(name) // the flag is there
}

// followParent has the program stop in order when its standard input ends: whoever holds the other end
// of that pipe has ended then, in whatever way, or wants it to.
func (p program) followParent() {
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, p.In)
		p.Stop()
	}()
}
