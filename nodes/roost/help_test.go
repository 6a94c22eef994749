package main_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	roost "github.com/roost-iot/roost/nodes/roost"
)

func eachCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, c := range cmd.Commands() {
		eachCommand(c, do)
	}
}

// TestHelpExamples: what help says to type is understood.
func TestHelpExamples(t *testing.T) {
	count := 0
	eachCommand(roost.NewRoot(), func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
			line, _, _ = strings.Cut(line, "#")
			line, _, _ = strings.Cut(line, "|")
			line, _, _ = strings.Cut(line, "<<")
			line, _, _ = strings.Cut(line, ">")
			words := strings.Fields(strings.ReplaceAll(line, `"$(mktemp -d)"`, "folder"))
			if !strings.HasPrefix(line, "  roost ") {
				continue
			}
			count++
			found, args, err := roost.NewRoot().Find(words[1:])
			if err == nil {
				err = found.ParseFlags(args)
			}
			if err == nil && found.Args != nil {
				err = found.Args(found, found.Flags().Args())
			}
			if err != nil || !found.Runnable() {
				t.Errorf("help of %s: %s: %v", cmd.CommandPath(), line, err)
			}
		}
	})
	if count < 20 {
		t.Errorf("found %d examples only", count)
	}
}

// TestHelpFits: help fits a terminal of 80 columns, and every command has some.
func TestHelpFits(t *testing.T) {
	eachCommand(roost.NewRoot(), func(cmd *cobra.Command) {
		if cmd.Name() == "help" || cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
			return // the library's own
		}
		got := run(t, append(strings.Fields(cmd.CommandPath())[1:], "--help")...)
		if got.code != 0 || got.err != "" || got.out == "" {
			t.Errorf("%s --help: %+v", cmd.CommandPath(), got)
		}
		for line := range strings.Lines(got.out) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s --help: a line has %d columns: %s", cmd.CommandPath(), n, line)
			}
		}
	})
}

func TestUnknownCommand(t *testing.T) {
	for args, want := range map[string]string{
		"devcies":      `there is no command "devcies"; do you mean devices?`,
		"frobnicate":   `there is no command "frobnicate" (see roost --help)`,
		"device shwo":  `there is no command "shwo"; do you mean show?`,
		"--frobnicate": "unknown flag: --frobnicate",
	} {
		if got := run(t, strings.Fields(args)...); got.code != 64 || got.out != "" || !strings.Contains(got.err, want) {
			t.Errorf("%s: got %+v, want %q", args, got, want)
		}
	}
	if got := run(t); got.code != 0 || !strings.Contains(got.out, "roost up") {
		t.Errorf("without arguments: %+v", got)
	}
	if got := run(t, "help", "exit-codes"); got.code != 0 || !strings.Contains(got.out, "64  the command line is wrong") {
		t.Errorf("help exit-codes: %+v", got)
	}
}
