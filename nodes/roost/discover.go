package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/nodes/fleetfile"
	"github.com/roost-iot/roost/nodes/gateway"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const discoverHelp = `Look for devices, and print a fleet file of what answers: valid as it is, and
meant to be edited. How far it is, is told on the error output.

Nothing is written to any device. Only private networks are searched, and no
more than 65536 addresses (a /16), unless --yes says that it is meant: a search
of a network that is not yours is an attack. It shows in the logs of firewalls,
and devices that take one connection only are kept from others for that time.

With Ctrl-C, or when --for is over, what was found by then is printed; the exit
code is then 130, or 1. If nothing answers, nothing is printed, and it is 69.`

func newDiscover(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "discover",
		GroupID: groupUse,
		Short:   "Look for devices, and print a fleet file of them",
		Long:    discoverHelp,
		Example: `  roost discover modbus 192.168.1.0/24 > fleet.yaml
  roost up --fleet fleet.yaml`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newDiscoverModbus(p), newDiscoverSNMP(p), newDiscoverMQTT(p), newDiscoverOPCUA(p))
	return cmd
}

// discovery is what all searches have in common.
type discovery struct {
	program
	json bool
	look chaosLook
	most time.Duration
	yes  bool
	pace discover.Pace
}

// flags adds the flags that all searches have.
func (d *discovery) flags(cmd *cobra.Command, most time.Duration) {
	jsonFlag(cmd, &d.json)
	d.look.flags(cmd)
	cmd.Flags().DurationVar(&d.most, "for", most, "how long to look at most")
}

// reachFlags adds those of searches that go through addresses.
func (d *discovery) reachFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&d.yes, "yes", "y", false, "search public addresses, and more than 65536, too")
	cmd.Flags().Float64Var(&d.pace.Rate, "rate", 50, "addresses begun in a second, at most")
	cmd.Flags().IntVar(&d.pace.AtOnce, "at-once", 16, "addresses asked at a time, at most")
}

// valid refuses what makes no sense.
func (d *discovery) valid(cmd *cobra.Command) error {
	switch {
	case d.most <= 0:
		return usage(cmd, "--for %v is not above zero", d.most)
	case cmd.Flags().Lookup("rate") != nil && (d.pace.Rate <= 0 || d.pace.Rate > 10_000):
		return usage(cmd, "--rate %v is not above 0, and at most 10000", d.pace.Rate)
	case cmd.Flags().Lookup("at-once") != nil && (d.pace.AtOnce < 1 || d.pace.AtOnce > 1024):
		return usage(cmd, "--at-once %d is not between 1 and 1024", d.pace.AtOnce)
	}
	return d.look.valid(cmd)
}

// reach reads where to look.
func (d *discovery) reach(cmd *cobra.Command, targets []string) (discover.Reach, error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), d.most)
	defer cancel()
	reach, err := discover.ParseReach(ctx, targets, d.yes)
	if errors.Is(err, roostv1.ErrPermission) {
		return reach, usage(cmd, "%v", roostv1.StatusOf(err).GetMessage())
	}
	return reach, asUsage(cmd, err)
}

// asUsage makes an error of what the command line said one of usage; others stay.
func asUsage(cmd *cobra.Command, err error) error {
	if errors.Is(err, roostv1.ErrInvalid) {
		return usage(cmd, "%v", roostv1.StatusOf(err).GetMessage())
	}
	return err
}

// givenKeys are the keys of an address that flags say, by flag: auth-password is auth_password.
func givenKeys(flags map[string]*string) map[string]string {
	keys := map[string]string{}
	for flag, value := range flags {
		if *value != "" {
			keys[strings.ReplaceAll(flag, "-", "_")] = *value
		}
	}
	return keys
}

// found is what a search came to.
type found struct {
	draft    *discover.Draft
	progress discover.Progress
	err      error // that it could not look at all, or to the end
}

// search runs a search for as long as it may, and prints what it found.
func (d *discovery) search(cmd *cobra.Command, look func(ctx context.Context, tell func(discover.Progress)) found) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), d.most)
	defer cancel()
	face := newDiscoverFace(d)
	got := look(ctx, face.tell)
	face.close(got.progress)
	ended := got.err
	switch p := got.progress; {
	case ended != nil:
	case cmd.Context().Err() != nil:
		ended = context.Canceled
	case ctx.Err() != nil && p.Done < p.Total:
		ended = &exit{exitFailed, fmt.Errorf("the time of %v is over, and %d of %d %s were asked: look for longer with --for", d.most, p.Done, p.Total, p.Unit)}
	case got.draft.Empty():
		ended = &exit{exitUnavailable, fmt.Errorf("nothing was found: %s", d.extent(p))}
	}
	if got.draft == nil || got.draft.Empty() {
		return ended
	}
	return errors.Join(d.print(cmd, got.draft, ended != nil), ended)
}

// extent says how far a search came that found nothing.
func (d *discovery) extent(p discover.Progress) string {
	if p.Total == 0 {
		return fmt.Sprintf("%d %s in %v", p.Done, p.Unit, d.most)
	}
	return fmt.Sprintf("%d %s were asked, and none has answered", p.Done, p.Unit)
}

// print prints the fleet, once it is sure that it can be read back, and that its drivers take it.
func (d *discovery) print(cmd *cobra.Command, draft *discover.Draft, partly bool) error {
	head := []string{
		fmt.Sprintf("Found by %s, %s: %s. Edit it, and then:",
			cmd.CommandPath(), time.Now().Format("2006-01-02 15:04 MST"), devicesText(len(draft.Fleet.Devices))),
		"  roost up --fleet FILE         a fleet of its own", "  roost device add --file FILE  to one that runs",
	}
	if partly {
		head = append(head, "The search did not come to its end.")
	}
	if len(draft.Head) > 0 {
		head = append(append(head, ""), draft.Head...)
	}
	file, err := fleetfile.Format(draft.Fleet, strings.Join(head, "\n"), draft.Note)
	if err == nil {
		err = readable(file)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: what was found makes no fleet file: %w", roostv1.ErrInternal, err)
	case d.json:
		return writeJSON(d.program, draft.Fleet)
	}
	_, err = d.Out.Write(file)
	return err
}

// readable tells whether a fleet file is one that gateways can run.
func readable(file []byte) error {
	drivers := gateway.Drivers("", "", nil, slog.New(slog.DiscardHandler))
	var names []string
	for name := range drivers {
		names = append(names, name)
	}
	fleet, err := fleetfile.Parse("fleet", file, roostv1.WithDrivers(names...))
	if err != nil {
		return err
	}
	for _, d := range fleet.Devices {
		profile := fleet.Profiles[slices.IndexFunc(fleet.Profiles, func(p *roostv1.Profile) bool { return p.Id == d.Profile })]
		if checker, ok := drivers[d.Driver].(actors.Checker); ok {
			if err := checker.Check(actors.Device{Spec: d, Profile: profile}); err != nil {
				return fmt.Errorf("device %s: %w", d.Id, err)
			}
		}
	}
	return nil
}
