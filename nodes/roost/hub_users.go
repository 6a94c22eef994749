package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/hub/guard"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const hubEnrolHelp = `Enrol a user, and write its credential to a file of its own, which is a secret:
carry it to where it is used, and keep it readable for its owner only. A hub
that runs lets the user in within seconds.

  gateway   NAME is the gateway's id; it acts and publishes as that only
  operator  sends commands and edits the registry; with --selector it only sends
            commands, and only to devices that have those labels
  viewer    only reads
  admin     everything: for roost hub apply, at a stock nats-server. There is
            one from the beginning, which can be revoked and enrolled anew

What a credential can do is decided by the hub; it says so for people only.`

func newHubEnrol(p program) *cobra.Command {
	s := &security{program: p}
	var e guard.Enrolment
	cmd := &cobra.Command{
		Use:   "enrol gateway|operator|viewer|admin NAME",
		Short: "Enrol a gateway or a person, and write a credential",
		Long:  hubEnrolHelp,
		Example: `  roost hub enrol gateway gw-1
  roost hub enrol operator ann --out ann.roost
  roost hub enrol operator bob --selector site=north
  roost devices --creds ann.roost`,
		Args: takes("ROLE", "NAME"),
		ValidArgs: []string{
			string(access.RoleGateway), string(access.RoleOperator), string(access.RoleViewer), string(access.RoleAdmin),
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			e.Role, e.Name, e.Now = access.Role(args[0]), args[1], time.Now()
			switch e.Role {
			case access.RoleGateway, access.RoleOperator, access.RoleViewer, access.RoleAdmin:
			default:
				return usage(cmd, "role %.40q is none of gateway, operator, viewer and admin", args[0])
			}
			if err := roostv1.CheckID("NAME", e.Name); err != nil {
				return usage(cmd, "%v", err)
			}
			if _, err := guard.Selector(e.Selector); err != nil {
				return usage(cmd, "%v", err)
			}
			return s.enrol(e)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&e.Selector, "selector", "", "an operator for devices with the labels `KEY=VALUE,...` only")
	cmd.Flags().StringVar(&e.Hub, "hub", "", "`URL` that it dials, several with commas (default: the hosts of roost hub init)")
	cmd.Flags().StringVar(&e.Out, "out", "", "`FILE` to write, which must not be there (default: NAME.roost)")
	return cmd
}

func (s *security) enrol(e guard.Enrolment) error {
	folder, err := s.folder()
	if err != nil {
		return err
	}
	e.Out = or(e.Out, e.Name+".roost")
	u, err := folder.Enrol(e)
	if err != nil {
		return err
	}
	use := "roost devices --creds " + e.Out
	switch u.Role {
	case access.RoleGateway:
		use = "roost gateway --creds " + e.Out
	case access.RoleAdmin:
		use = "roost hub apply --creds " + e.Out
	}
	whom := fmt.Sprintf("%s %s", u.Role, u.Name)
	if u.Role == access.RoleLimited {
		whom = fmt.Sprintf("%s %s for devices with %s", access.RoleOperator, u.Name, u.Selector)
	}
	return s.say("enrolled %s; its credential is in %s\nnext:\n  %s", whom, e.Out, use)
}

func newHubRevoke(p program) *cobra.Command {
	s := &security{program: p}
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Take a credential out of force",
		Long: `Take a credential out of force, for good. A hub that runs cuts its user off
within seconds: each of three, once its users file is the new one. The name may
be enrolled again, with a new credential.

A gateway that was revoked loses its shared devices to others within its lease.
It goes on with the devices that are attached to it alone, as it does while the
hub is away: to stop those, stop it.`,
		Example:           `  roost hub revoke gw-1`,
		Args:              takes("NAME"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			folder, err := s.folder()
			if err != nil {
				return err
			}
			u, err := folder.Revoke(args[0], time.Now())
			if err != nil {
				return err
			}
			return s.say("revoked %s %s at %s", u.Role, u.Name, u.Revoked.Format(time.DateTime))
		},
	}
	s.flags(cmd)
	return cmd
}

func newHubUsers(p program) *cobra.Command {
	s := &security{program: p}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "users",
		Short: "List who was enrolled",
		Long:  `List who was enrolled at the hub, and who was revoked. Nothing in it is secret.`,
		Example: `  roost hub users
  roost hub users --json | jq 'select(.revoked == null).name'`,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			folder, err := s.folder()
			if err != nil {
				return err
			}
			r, err := folder.Read()
			if err != nil {
				return err
			}
			if asJSON {
				return s.writeUsers(r)
			}
			return userTable(r, time.Now()).Write(s.screen())
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, for scripts")
	return cmd
}

func (s *security) writeUsers(r *guard.Roster) error {
	for _, u := range r.Users {
		line, err := json.Marshal(u)
		if err != nil {
			return err
		}
		if err := s.say("%s", line); err != nil {
			return err
		}
	}
	return nil
}

// userTable makes a table of users.
func userTable(r *guard.Roster, now time.Time) *console.Table {
	t := &console.Table{Columns: []console.Column{
		{Title: "USER", Least: 7}, {Title: "ROLE", Least: 8}, {Title: "SELECTOR", Least: 8}, {Title: "ENROLLED"}, {Title: "REVOKED"},
	}}
	for _, u := range r.Users {
		tone, revoked := console.Plain, console.Cell{Text: console.Empty, Tone: console.Faint}
		if !u.Active() {
			tone, revoked = console.Faint, console.Cell{Text: console.Ago(timestamppb.New(u.Revoked), now), Tone: console.Bad}
		}
		t.Add(console.Cell{Text: u.Name, Tone: console.Strong}, console.Cell{Text: string(u.Role), Tone: tone},
			console.Cell{Text: or(u.Selector, console.Empty), Tone: tone},
			console.Cell{Text: console.Ago(timestamppb.New(u.Enrolled), now), Tone: tone}, revoked)
	}
	return t
}

// connectAdmin connects to a hub as its administrator, at another address than its credential says if there is one.
func connectAdmin(ctx context.Context, creds, url string) (cluster.Link, error) {
	c, err := access.Read(creds)
	if err != nil {
		return cluster.Link{}, err
	}
	if c.Role != access.RoleAdmin {
		return cluster.Link{}, roostv1.Errorf(roostv1.ErrPermission,
			"%s is the credential of %s %s: an administrator's is needed, which roost hub init made", creds, c.Role, c.Name)
	}
	c.Hub = or(url, c.Hub)
	return cluster.ConnectClientAs(ctx, c, "roost hub apply", nil)
}
