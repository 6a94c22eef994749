package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findsnmp"
)

const discoverSNMPHelp = `Look for devices that have an SNMP agent: network gear, power supplies, hosts.
What an agent has of interfaces, of a power supply or of a host becomes
resources that can be read. Nothing is set.

Secrets are not given on the command line, but where they are, which is also
what the fleet file says: file:/path or env:NAME, which gateways read where
their --secrets says. Without a community it is public.`

// discoverSNMP is roost discover snmp.
type discoverSNMP struct {
	discovery
	port    uint16
	keys    map[string]*string // of the driver's address, by flag
	reply   time.Duration
	retries int
}

func newDiscoverSNMP(p program) *cobra.Command {
	d := &discoverSNMP{discovery: discovery{program: p}, keys: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "snmp HOST|RANGE|NETWORK...",
		Short: "Look for devices with an SNMP agent",
		Long:  discoverSNMPHelp,
		Example: `  roost discover snmp 192.168.1.0/24 > fleet.yaml
  roost discover snmp 10.0.0.5 --community env:ROOST_SECRET_SNMP
  roost discover snmp 10.0.0.0/24 --user roost --auth SHA256 \
    --auth-password file:/etc/roost/secrets/snmp --privacy AES \
    --privacy-password file:/etc/roost/secrets/snmp-privacy`,
		Args:              takes("HOST|RANGE|NETWORK", "[HOST|RANGE|NETWORK...]"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              d.run,
	}
	d.flags(cmd, time.Hour)
	d.reachFlags(cmd)
	f := cmd.Flags()
	f.Uint16Var(&d.port, "port", findsnmp.Port, "UDP port of the agents")
	for _, key := range []struct{ flag, text string }{
		{"version", "1, 2c or 3 (default 2c; 3 with a user)"}, {"community", "where the community is (default: public)"},
		{"user", "who asks, in version 3"}, {"auth", "MD5, SHA, SHA224, SHA256, SHA384 or SHA512"}, {"auth-password", "where it is"},
		{"privacy", "DES, AES, AES192, AES256, AES192C or AES256C"}, {"privacy-password", "where it is"}, {"context", "of version 3"},
	} {
		d.keys[key.flag] = f.String(key.flag, "", key.text)
	}
	f.DurationVar(&d.reply, "reply", time.Second, "how long an answer may take")
	f.IntVar(&d.retries, "retries", 1, "how often who does not answer is asked again")
	return cmd
}

func (d *discoverSNMP) run(cmd *cobra.Command, targets []string) error {
	if err := d.valid(cmd); err != nil {
		return err
	}
	if d.port == 0 {
		return usage(cmd, "--port is between 1 and 65535")
	}
	reach, err := d.reach(cmd, targets)
	if err != nil {
		return err
	}
	c := findsnmp.Config{Reach: reach, Port: d.port, Keys: d.address(cmd), Pace: d.pace}
	return d.search(cmd, func(ctx context.Context, tell func(discover.Progress)) found {
		c.Tell = tell
		agents, progress, err := findsnmp.Find(ctx, c)
		return found{findsnmp.Draft(agents), progress, asUsage(cmd, err)}
	})
}

// address returns the keys of the driver's address that the flags say.
func (d *discoverSNMP) address(cmd *cobra.Command) map[string]string {
	keys := givenKeys(d.keys)
	if keys["user"] != "" && keys["version"] == "" {
		keys["version"] = "3"
	}
	if cmd.Flags().Changed("reply") {
		keys["reply"] = d.reply.String()
	}
	if cmd.Flags().Changed("retries") {
		keys["retries"] = strconv.Itoa(d.retries)
	}
	return keys
}
