package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const commandsHelp = `List the commands of a device, or of the fleet, the newest last: when each was
accepted, what it was, what became of it, how long that took, who sent it. The
hub keeps them for 30 days. roost command ID tells the whole story of one.

With --follow, each change of a command is told as it comes, in a line of its
own. With --json each line is a record of a command; with --follow there is one
for each change.`

// defaultHistory is how far back commands are listed.
const defaultHistory = 24 * time.Hour

// commandsCommand is roost commands.
type commandsCommand struct {
	program
	link
	json   bool
	since  string
	states []string
	parent string
	follow bool
	limit  int
}

func newCommands(p program) *cobra.Command {
	c := &commandsCommand{program: p}
	cmd := &cobra.Command{
		Use:     "commands [DEVICE]",
		GroupID: groupUse,
		Short:   "List commands and what became of them",
		Long:    commandsHelp,
		Example: `  roost commands
  roost commands pump --since 1h
  roost commands --since 2026-03-01T06:00 --state failed,unknown
  roost commands --parent batch-17
  roost commands --follow
  roost commands --since 24h --json | jq -r '[.deviceId, .state] | @tsv'`,
		Args:              takes("[DEVICE]"),
		ValidArgsFunction: c.completeDevice,
		RunE:              c.run,
	}
	c.link.flags(cmd, p)
	jsonFlag(cmd, &c.json)
	f := cmd.Flags()
	f.StringVar(&c.since, "since", "", "what changed since: a duration, or a `TIME` (default 24h, or 10s with --follow)")
	f.StringSliceVar(&c.states, "state", nil, "only those that stand so: `WORD,...` of failed, unknown, queued ...")
	f.StringVar(&c.parent, "parent", "", "only the parts of the fleet command `ID`")
	f.BoolVarP(&c.follow, "follow", "f", false, "tell what changes, until Ctrl-C")
	f.IntVar(&c.limit, "limit", 0, "only the last `N`; with --follow, end after N (default all, on a terminal 20)")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(stateWords(), noFiles)) // the flag is there
	return cmd
}

func (c *commandsCommand) run(cmd *cobra.Command, args []string) error {
	q, err := c.query(args)
	if err != nil {
		return usage(cmd, "%v", err)
	}
	if !cmd.Flags().Changed("limit") && !c.follow && !c.json && c.screen().Terminal {
		c.limit = terminalLimit
	}
	return c.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		if c.follow {
			return c.tail(ctx, client.Commands(ctx, q))
		}
		records, left, err := c.collect(client.Commands(ctx, q))
		if err != nil {
			return fmt.Errorf("list commands: %w", err)
		}
		return c.list(records, left)
	})
}

func (c *commandsCommand) query(args []string) (cluster.CommandQuery, error) {
	q := cluster.CommandQuery{Parent: c.parent, Follow: c.follow}
	if len(args) > 0 {
		q.Device = args[0]
		if err := roostv1.CheckID("device id", q.Device); err != nil {
			return q, err
		}
	}
	if c.parent != "" {
		if err := roostv1.CheckID("--parent", c.parent); err != nil {
			return q, err
		}
	}
	if c.limit < 0 {
		return q, fmt.Errorf("--limit %d is below zero", c.limit)
	}
	var err error
	if q.States, err = readStates(c.states); err != nil {
		return q, err
	}
	q.Since, q.Last, err = readSince(or(c.since, c.defaultSince().String()))
	return q, err
}

func (c *commandsCommand) defaultSince() time.Duration {
	if c.follow {
		return followSince
	}
	return defaultHistory
}

// list writes what there is, and how many are left out.
func (c *commandsCommand) list(records []*roostv1.CommandRecord, left int) error {
	switch {
	case c.json:
		return writeJSON(c.program, records...)
	case len(records) == 0:
		_, err := fmt.Fprintf(c.Err, "no such commands since %s\n", or(c.since, c.defaultSince().String()))
		return err
	}
	screen := c.screen()
	if left > 0 {
		if _, err := fmt.Fprintln(screen, screen.Paint(console.Faint, fmt.Sprintf("-- %d commands before these are not shown; --limit 0 shows them", left))); err != nil {
			return err
		}
	}
	return console.Commands(records, time.Now(), screen.Width).Write(screen)
}

// sinceLayouts are how a time can be typed; those without a zone are of this machine's.
func sinceLayouts() []string {
	return []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04", time.DateOnly}
}

// readSince reads how far back: a duration, which is on the hub's clock, or a time.
func readSince(text string) (at time.Time, last time.Duration, err error) {
	if d, err := time.ParseDuration(text); err == nil {
		if d <= 0 {
			return time.Time{}, 0, fmt.Errorf("--since %v is not above zero", d)
		}
		return time.Time{}, d, nil
	}
	for _, layout := range sinceLayouts() {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, 0, nil
		}
	}
	return time.Time{}, 0, fmt.Errorf("--since %.40q is neither a duration such as 90m nor a time such as 2026-03-01T06:00", text)
}

// stateWords are the states of commands, as they are typed.
func stateWords() (words []string) {
	for n := range len(roostv1.CommandState_name) {
		if s := roostv1.CommandState(n); s != roostv1.CommandState_COMMAND_STATE_UNSPECIFIED {
			words = append(words, strings.ToLower(s.Word()))
		}
	}
	return words
}

func readStates(words []string) (states []roostv1.CommandState, err error) {
	for _, word := range words {
		n, ok := roostv1.CommandState_value["COMMAND_STATE_"+strings.ToUpper(word)]
		if !ok || n == 0 {
			return nil, fmt.Errorf("--state %.20q is none of %s", word, strings.Join(stateWords(), ", "))
		}
		states = append(states, roostv1.CommandState(n))
	}
	return states, nil
}
