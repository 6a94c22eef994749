package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is what this program was built from. Its JSON is of this program's own making.
type version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`

	tags []string // that it was built with
}

// readVersion reads what the Go toolchain has put into the program.
func readVersion() version {
	v := version{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = cmp.Or(info.Main.Version, "(devel)")
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		case "-tags":
			v.tags = strings.Split(s.Value, ",")
		}
	}
	return v
}

func (v version) String() string {
	text := "roost " + v.Version
	if v.Commit != "" {
		text += fmt.Sprintf(", commit %.12s of %s", v.Commit, v.Time)
	}
	if v.Modified {
		text += " with changes"
	}
	return fmt.Sprintf("%s, %s, %s", text, v.Go, v.Platform)
}

func newVersion(p program) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:               "version",
		GroupID:           groupOther,
		Short:             "Say what this program was built from",
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if asJSON {
				return json.NewEncoder(p.Out).Encode(v)
			}
			_, err := fmt.Fprintln(p.Out, v)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return cmd
}
