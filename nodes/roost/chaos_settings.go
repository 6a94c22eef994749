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
	faults   []string
	seed     uint64
	file     string // of a plan

	hubs, gateways, devices, clients         int
	mode, net                                string
	rate                                     float64
	lease, period, quiet, duration, liveness time.Duration
	attached                                 int
	upgradeTo                                string
	maxFailover, interval                    time.Duration
	targets                                  []string
	hubSync                                  string
}

func (s *chaosSettings) flags(cmd *cobra.Command) {
	d := plan.Defaults()
	f := cmd.Flags()
	f.StringVar(&s.scenario, "scenario", "", "`NAME` of what to do to the fleet; see roost chaos list")
	f.StringSliceVar(&s.faults, "faults", nil, "`NAMES` of faults with commas between them, such as kill,pause,partition, in place of a scenario: rows of them, drawn by the seed")
	f.Uint64Var(&s.seed, "seed", 0, "seed of plan and load (default: some, which is told)")
	f.StringVar(&s.file, "plan", "", "`FILE` of a plan, in place of a scenario and all of its settings")
	f.DurationVar(&s.duration, "duration", d.Duration.Std(), "how long things are broken")
	f.DurationVar(&s.quiet, "quiet", d.Quiet.Std(), "how long nothing is broken before that")
	f.DurationVar(&s.liveness, "liveness", d.Liveness.Std(), "how long the fleet has afterwards to be as before")
	f.IntVar(&s.hubs, "hubs", d.Hubs, "1 hub or 3")
	f.IntVar(&s.gateways, "gateways", d.Gateways, "how many gateways")
	f.IntVar(&s.devices, "devices", d.Devices, "how many devices")
	f.StringVar(&s.mode, "device-mode", d.Mode, "devices are dumb, fenced or exclusive")
	f.StringVar(&s.net, "net", "auto", "gateways reach the hub by proxy, or from network namespaces of their own (netns); auto: as the scenario needs")
	f.IntVar(&s.clients, "clients", d.Clients, "how many clients send commands")
	f.Float64Var(&s.rate, "rate", d.Rate, "commands a second, all clients together")
	f.DurationVar(&s.lease, "lease", d.Lease.Std(), "lease of the gateways")
	f.DurationVar(&s.period, "period", d.Period.Std(), "how often each device is read")
	f.IntVar(&s.attached, "attached", d.Attached, "how many of the devices are each reached by one gateway alone")
	f.StringVar(&s.upgradeTo, "upgrade-to", "", "`PROGRAM` that replaces others in the scenario upgrade (default: the same one)")
	_ = cmd.MarkFlagFilename("upgrade-to")
	f.DurationVar(&s.maxFailover, "max-failover", 0, "how long a device may be without an owner until that is a violation (default: the lease and 1 s)")
	f.DurationVar(&s.interval, "interval", 0, "time from the end of a fault to the next one (default: drawn by the seed, about two leases)")
	f.StringSliceVar(&s.targets, "targets", nil, "which gateways are hit: some of owner,one,minority,majority,all, drawn by the seed (default: those of the scenario)")
	f.StringVar(&s.hubSync, "hub-sync", "always", "when a hub writes to its disk; always, which is before each acknowledgement, is all that hubs of Roost do")
	_ = cmd.RegisterFlagCompletionFunc("hub-sync", cobra.FixedCompletions([]string{"always"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	_ = cmd.RegisterFlagCompletionFunc("scenario", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, s := range plan.Scenarios() {
			if s.Missing == "" { // what this machine cannot do is told when it is run
				names = append(names, s.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}) // the flag is there
	_ = cmd.RegisterFlagCompletionFunc("net", cobra.FixedCompletions([]string{"auto", plan.NetProxy, plan.NetNamespaces}, cobra.ShellCompDirectiveNoFileComp))
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
		"net": func() {
			if s.net != "auto" {
				to.Net = s.net
			}
		},
		"max-failover": func() { to.MaxFailover = plan.Duration(s.maxFailover) },
		"interval":     func() { to.Interval = plan.Duration(s.interval) }, "targets": func() { to.Targets = s.targets },
	} {
		if cmd.Flags().Changed(flag) {
			set()
		}
	}
	return to
}

// draw returns the plan that the flags ask for, under a seed.
func (s *chaosSettings) draw(cmd *cobra.Command, seed uint64) (*plan.Plan, error) {
	if s.hubSync != "always" {
		return nil, usage(cmd, "--hub-sync %.20q: hubs of Roost write to their disk before each acknowledgement, so only always can be had", s.hubSync)
	}
	if s.file != "" {
		return s.read(cmd)
	}
	scenario, err := s.which(cmd)
	if err != nil {
		return nil, err
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

// read reads the plan's file. It says all, so what else is asked for is refused and not forgotten.
func (s *chaosSettings) read(cmd *cobra.Command) (*plan.Plan, error) {
	for _, flag := range append([]string{"scenario", "faults", "seed"}, settingFlags...) {
		if cmd.Flags().Changed(flag) {
			return nil, usage(cmd, "--plan FILE says all, so --%s cannot be given", flag)
		}
	}
	p, err := plan.Read(s.file)
	if err != nil {
		return nil, &exit{exitData, err}
	}
	return p, nil
}

// which returns the scenario that is asked for.
func (s *chaosSettings) which(cmd *cobra.Command) (plan.Scenario, error) {
	var scenario plan.Scenario
	var err error
	switch {
	case s.scenario != "" && len(s.faults) > 0:
		return scenario, usage(cmd, "either --scenario or --faults")
	case s.scenario != "":
		scenario, err = plan.Find(s.scenario)
	case len(s.faults) > 0:
		scenario, err = plan.Mix(s.faults...)
	default:
		return scenario, usage(cmd, "--scenario NAME, --faults NAMES or --plan FILE is missing")
	}
	return scenario, chaosError(err)
}

// settingFlags are those that change the settings of a plan, in the order in which they are told.
var settingFlags = []string{
	"duration", "quiet", "liveness", "hubs", "gateways", "devices", "device-mode", "clients", "rate", "lease", "period",
	"net", "attached", "upgrade-to", "max-failover", "interval", "targets",
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

// repro is the command line that does a run again. Of a plan that was read, the run has a copy that stays as it is.
func (s *chaosSettings) repro(cmd *cobra.Command, seed uint64, one chaosOne) string {
	if s.file != "" {
		return reproPlan(one.folder, one.env)
	}
	words := append([]string{"roost chaos run"}, envWords(one.env)...)
	if len(s.faults) > 0 {
		words = append(words, "--faults", strings.Join(s.faults, ","))
	} else {
		words = append(words, "--scenario", s.scenario)
	}
	words = append(words, "--seed", fmt.Sprint(seed))
	for _, flag := range settingFlags {
		switch f := cmd.Flags().Lookup(flag); {
		case !f.Changed:
		case flag == "targets":
			words = append(words, "--targets", strings.Join(s.targets, ","))
		default:
			words = append(words, "--"+flag, f.Value.String())
		}
	}
	return strings.Join(words, " ")
}

// quoted makes a word of a shell's of a path.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
