package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// chaosSettings are the flags that say what is planned.
type chaosSettings struct {
	scenario string
	seed     uint64
	file     string // of a plan

	hubs, gateways, devices, clients         int
	mode                                     string
	rate                                     float64
	lease, period, quiet, duration, liveness time.Duration
	attached                                 int
	upgradeTo                                string
}

func (s *chaosSettings) flags(cmd *cobra.Command) {
	d := plan.Defaults()
	f := cmd.Flags()
	f.StringVar(&s.scenario, "scenario", "", "`NAME` of what to do to the fleet; see roost chaos list")
	f.Uint64Var(&s.seed, "seed", 0, "seed of plan and load (default: some, which is told)")
	f.StringVar(&s.file, "plan", "", "`FILE` of a plan, in place of a scenario and all of its settings")
	f.DurationVar(&s.duration, "duration", d.Duration.Std(), "how long things are broken")
	f.DurationVar(&s.quiet, "quiet", d.Quiet.Std(), "how long nothing is broken before that")
	f.DurationVar(&s.liveness, "liveness", d.Liveness.Std(), "how long the fleet has afterwards to be as before")
	f.IntVar(&s.hubs, "hubs", d.Hubs, "1 hub or 3")
	f.IntVar(&s.gateways, "gateways", d.Gateways, "how many gateways")
	f.IntVar(&s.devices, "devices", d.Devices, "how many devices")
	f.StringVar(&s.mode, "device-mode", d.Mode, "devices are dumb, fenced or exclusive")
	f.IntVar(&s.clients, "clients", d.Clients, "how many clients send commands")
	f.Float64Var(&s.rate, "rate", d.Rate, "commands a second, all clients together")
	f.DurationVar(&s.lease, "lease", d.Lease.Std(), "lease of the gateways")
	f.DurationVar(&s.period, "period", d.Period.Std(), "how often each device is read")
	f.IntVar(&s.attached, "attached", d.Attached, "how many of the devices are each reached by one gateway alone")
	f.StringVar(&s.upgradeTo, "upgrade-to", "", "`PROGRAM` that replaces others in the scenario upgrade (default: the same one)")
	_ = cmd.MarkFlagFilename("upgrade-to")
	_ = cmd.RegisterFlagCompletionFunc("scenario", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, s := range plan.Scenarios() {
			if s.Missing == "" {
				names = append(names, s.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}) // the flag is there
	_ = cmd.RegisterFlagCompletionFunc("device-mode", cobra.FixedCompletions([]string{plan.ModeDumb, plan.ModeFenced, plan.ModeExclusive}, cobra.ShellCompDirectiveNoFileComp))
}

// apply changes settings to what was asked for.
func (s *chaosSettings) apply(cmd *cobra.Command, to plan.Settings) plan.Settings {
	for flag, set := range map[string]func(){
		"hubs": func() { to.Hubs = s.hubs }, "gateways": func() { to.Gateways = s.gateways },
		"devices": func() { to.Devices = s.devices }, "device-mode": func() { to.Mode = s.mode },
		"clients": func() { to.Clients = s.clients }, "rate": func() { to.Rate = s.rate },
		"lease": func() { to.Lease = plan.Duration(s.lease) }, "period": func() { to.Period = plan.Duration(s.period) },
		"quiet": func() { to.Quiet = plan.Duration(s.quiet) }, "duration": func() { to.Duration = plan.Duration(s.duration) },
		"liveness": func() { to.Liveness = plan.Duration(s.liveness) },
		"attached": func() { to.Attached = s.attached }, "upgrade-to": func() { to.UpgradeTo = s.upgradeTo },
	} {
		if cmd.Flags().Changed(flag) {
			set()
		}
	}
	return to
}

// draw returns the plan that the flags ask for, under a seed.
func (s *chaosSettings) draw(cmd *cobra.Command, seed uint64) (*plan.Plan, error) {
	if s.file != "" {
		p, err := plan.Read(s.file)
		if err != nil {
			return nil, &exit{exitData, err}
		}
		return p, nil
	}
	if s.scenario == "" {
		return nil, usage(cmd, "--scenario NAME or --plan FILE is missing")
	}
	scenario, err := plan.Find(s.scenario)
	if err != nil {
		return nil, chaosError(err)
	}
	if err := s.findProgram(scenario.Name); err != nil {
		return nil, usage(cmd, "%v", err)
	}
	settings := s.apply(cmd, scenario.Adjust(plan.Defaults()))
	if err := settings.Validate(); err != nil {
		return nil, usage(cmd, "%v", err)
	}
	p, err := scenario.Plan(seed, settings)
	return p, chaosError(err)
}

// findProgram checks that the program of an upgrade is there, and makes its path one that holds in any folder.
func (s *chaosSettings) findProgram(scenario string) error {
	if s.upgradeTo == "" {
		return nil
	}
	if scenario != plan.Upgrade {
		return fmt.Errorf("--upgrade-to is for the scenario %s, and not for %s", plan.Upgrade, scenario)
	}
	found, err := exec.LookPath(s.upgradeTo)
	if err != nil {
		return fmt.Errorf("--upgrade-to %s: %w: name a program that can be run", s.upgradeTo, err)
	}
	s.upgradeTo, err = filepath.Abs(found)
	return err
}

// someSeed returns the seed that was given, or any.
func (s *chaosSettings) someSeed(cmd *cobra.Command) uint64 {
	if cmd.Flags().Changed("seed") {
		return s.seed
	}
	return rand.Uint64N(1_000_000)
}

// repro is the command line that does the same again.
func (s *chaosSettings) repro(cmd *cobra.Command, seed uint64) string {
	if s.file != "" {
		return "roost chaos run --plan " + quoted(s.file)
	}
	words := []string{"roost chaos run", "--scenario", s.scenario, "--seed", fmt.Sprint(seed)}
	for _, flag := range []string{
		"duration", "quiet", "liveness", "hubs", "gateways", "devices", "device-mode", "clients", "rate", "lease", "period",
		"attached", "upgrade-to",
	} {
		if f := cmd.Flags().Lookup(flag); f.Changed {
			words = append(words, "--"+flag, f.Value.String())
		}
	}
	return strings.Join(words, " ")
}

// quoted makes a word of a shell's of a path.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
