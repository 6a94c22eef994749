package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findopcua"
)

const discoverOPCUAHelp = `Browse what an OPC UA server has, from its Objects folder down, and make a
device of it. Variables with one value of a plain type become resources that can
be read. Nothing is written, and no method is called.

Secrets are not given on the command line, but where they are: file:/path or
env:NAME, which gateways read where their --secrets says.`

// discoverOPCUA is roost discover opcua.
type discoverOPCUA struct {
	discovery
	keys         map[string]*string // of the driver's address, by flag
	clear        bool
	depth, limit int
}

func newDiscoverOPCUA(p program) *cobra.Command {
	d := &discoverOPCUA{discovery: discovery{program: p}, keys: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "opcua ENDPOINT",
		Short: "Browse what an OPC UA server has",
		Long:  discoverOPCUAHelp,
		Example: `  roost discover opcua opc.tcp://10.0.0.9:4840 > fleet.yaml
  roost discover opcua plc-1 --depth 3 --limit 100
  roost discover opcua plc-1 --user roost --password env:ROOST_SECRET_PLC`,
		Args:              takes("ENDPOINT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              d.run,
	}
	d.flags(cmd, 2*time.Minute)
	f := cmd.Flags()
	f.IntVar(&d.depth, "depth", 8, "how many levels below the Objects folder are looked at")
	f.IntVar(&d.limit, "limit", 500, "variables at most")
	f.BoolVar(&d.clear, "clear", false, "send a password in clear, if the server takes no other")
	for _, key := range []struct{ flag, text string }{
		{"security", "None, Basic256Sha256, Aes128_Sha256_RsaOaep or Aes256_Sha256_RsaPss"}, {"mode", "Sign or SignAndEncrypt"},
		{"certificate", "`FILE` with our certificate"}, {"key", "where its key is"}, {"server-certificate", "`FILE` with the server's certificate"},
		{"user", "who logs in"}, {"password", "where the password is"},
	} {
		d.keys[key.flag] = f.String(key.flag, "", key.text)
	}
	return cmd
}

func (d *discoverOPCUA) run(cmd *cobra.Command, args []string) error {
	if err := d.valid(cmd); err != nil {
		return err
	}
	if d.depth < 1 || d.depth > 50 || d.limit < 1 || d.limit > 5000 {
		return usage(cmd, "--depth is between 1 and 50, and --limit between 1 and 5000")
	}
	keys := givenKeys(d.keys)
	keys["endpoint"] = endpointOf(args[0])
	if d.clear {
		keys["clear"] = "true"
	}
	return d.search(cmd, func(ctx context.Context, tell func(discover.Progress)) found {
		has, progress, err := findopcua.Browse(ctx, findopcua.Config{Keys: keys, Depth: d.depth, Limit: d.limit, Tell: tell})
		return found{has.Draft(), progress, asUsage(cmd, err)}
	})
}

// endpointOf makes a URL of a server's host.
func endpointOf(text string) string {
	if strings.Contains(text, "://") {
		return text
	}
	return "opc.tcp://" + text
}
