package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Names in the environment that stand in for flags.
const (
	envHub   = "ROOST_HUB"
	envFleet = "ROOST_FLEET"
	envCreds = "ROOST_CREDS"
)

// link says where the fleet is that a command uses, and how long to wait for it.
type link struct {
	hub     string
	fleet   string
	creds   string // file of credentials; empty: none
	timeout time.Duration

	credential *access.Credential // what the file has, once it was read; nil: there is none
}

// flags adds the flags of a link to a command and those below it. What the flags leave out is
// taken from the environment.
func (l *link) flags(cmd *cobra.Command, p program) {
	l.where(cmd, p)
	l.patience(cmd)
}

// where adds the flags that say where the fleet is.
func (l *link) where(cmd *cobra.Command, p program) {
	cmd.PersistentFlags().StringVar(&l.hub, "hub", or(p.Getenv(envHub), cluster.DefaultURL), "`URL` of the hub; also "+envHub)
	fleetFlag(cmd, p, &l.fleet)
	cmd.PersistentFlags().StringVar(&l.creds, "creds", p.Getenv(envCreds),
		"`FILE` of credentials; with it, --hub and --fleet-name default to what it says; also "+envCreds)
	_ = cmd.MarkPersistentFlagFilename("creds") // the flag is there
}

// patience adds the flag that says how long to wait.
func (l *link) patience(cmd *cobra.Command) {
	cmd.PersistentFlags().DurationVar(&l.timeout, "timeout", 5*time.Second, "how long to wait for hub and gateways")
}

func fleetFlag(cmd *cobra.Command, p program, fleet *string) {
	cmd.PersistentFlags().StringVar(fleet, "fleet-name", or(p.Getenv(envFleet), cluster.DefaultFleet), "`NAME` of the fleet; also "+envFleet)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// use connects to the hub and has act use the fleet. The context of act ends after the timeout.
func (l *link) use(cmd *cobra.Command, act func(context.Context, *cluster.Client) error) error {
	return l.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		ctx, cancel := l.bounded(ctx)
		defer cancel()
		return act(ctx, client)
	})
}

// dial connects to the hub.
func (l *link) dial(cmd *cobra.Command) (cluster.Link, error) {
	if l.timeout <= 0 {
		return cluster.Link{}, usage(cmd, "--timeout %v is not above zero", l.timeout)
	}
	if err := l.identify(cmd); err != nil {
		return cluster.Link{}, err
	}
	if err := roostv1.CheckID("--fleet-name", l.fleet); err != nil {
		return cluster.Link{}, usage(cmd, "%v", err)
	}
	ctx, cancel := l.bounded(cmd.Context())
	defer cancel()
	name := "roost " + cmd.Name()
	if l.credential != nil {
		return cluster.ConnectClientAs(ctx, l.credential, name, nil)
	}
	nc, err := cluster.ConnectClient(ctx, l.hub, name, nil)
	if errors.Is(err, roostv1.ErrUnavailable) {
		err = fmt.Errorf("%w; start one with roost up, or name another with --hub", err)
	}
	return cluster.Link{Data: nc}, err
}

// open is use for acts that bound themselves what they wait for.
func (l *link) open(cmd *cobra.Command, act func(context.Context, *cluster.Client) error) error {
	to, err := l.dial(cmd)
	if err != nil {
		return err
	}
	defer to.Close()
	if err := l.asks(); err != nil {
		return err
	}
	client, err := cluster.NewClientOver(to, l.fleet)
	if err != nil {
		return err
	}
	return act(cmd.Context(), client)
}

// asks returns ErrPermission if the credentials are of a role that asks no gateway anything: every device would look as if
// nobody served it.
func (l *link) asks() error {
	c := l.credential
	if c == nil || c.Role != access.RoleGateway && c.Role != access.RoleAdmin {
		return nil
	}
	use := "roost gateway --creds " + l.creds
	if c.Role == access.RoleAdmin {
		use = "roost hub apply --creds " + l.creds
	}
	return roostv1.Errorf(roostv1.ErrPermission, "the credentials in %s are those of %s, for %s: this takes an operator's or a viewer's, from roost hub enrol",
		l.creds, c.Role.Title(), use)
}

// bounded returns a context that ends after the timeout, for a reason that says so.
func (l *link) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	late := fmt.Errorf("no answer within %v: %w", l.timeout, roostv1.ErrUnavailable)
	return context.WithTimeoutCause(ctx, l.timeout, late)
}

// gatewayID checks a gateway's id from the command line.
func gatewayID(cmd *cobra.Command, id string) error {
	if err := roostv1.CheckID("gateway id", id); err != nil {
		return usage(cmd, "%v", err)
	}
	return nil
}

// deviceID checks a device's id from the command line.
func deviceID(cmd *cobra.Command, id string) error {
	if err := roostv1.CheckID("device id", id); err != nil {
		return usage(cmd, "%v", err)
	}
	return nil
}
