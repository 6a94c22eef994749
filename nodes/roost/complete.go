package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/argument"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// completeWait bounds how long a shell waits for words from the hub.
const completeWait = time.Second

const noFiles = cobra.ShellCompDirectiveNoFileComp

// completeDevice completes the first argument, a device's id.
func (l *link) completeDevice(cmd *cobra.Command, args []string, beginning string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, noFiles
	}
	return l.deviceIDs(cmd), noFiles
}

func (l *link) deviceIDs(cmd *cobra.Command) (ids []string) {
	l.ask(cmd, func(ctx context.Context, client *cluster.Client) error {
		devices, err := client.Devices(ctx)
		for _, d := range devices {
			ids = append(ids, deviceWord(d))
		}
		return err
	})
	return ids
}

// deviceWord is a device as a shell shows it.
func deviceWord(d *roostv1.DeviceStatus) string {
	return d.DeviceId + "\t" + d.Profile + ", " + d.State.Word()
}

// completeGateway completes the first argument, a gateway's id.
func (l *link) completeGateway(cmd *cobra.Command, args []string, _ string) (ids []string, _ cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, noFiles
	}
	l.ask(cmd, func(ctx context.Context, client *cluster.Client) error {
		gateways, err := client.Gateways(ctx)
		for _, g := range gateways {
			ids = append(ids, g.Status.GatewayId+"\t"+g.Status.State.Word())
		}
		return err
	})
	return ids, noFiles
}

// profile returns the profile of a device, nil if it cannot be had.
func (l *link) profile(cmd *cobra.Command, device string) (p *roostv1.Profile) {
	if roostv1.CheckID("device id", device) != nil {
		return nil
	}
	l.ask(cmd, func(ctx context.Context, client *cluster.Client) error {
		view, err := client.Device(ctx, device)
		p = view.Profile
		return err
	})
	return p
}

// ask asks the hub for words, for a short while. A shell has no use for an error: it shows no words.
func (l *link) ask(cmd *cobra.Command, question func(context.Context, *cluster.Client) error) {
	l.timeout = min(l.timeout, completeWait)
	_ = l.use(cmd, question)
}

// completeResource completes the name of a resource of the device that is the first argument.
func (l *link) completeResource(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, noFiles
	}
	var names []string
	for _, r := range l.profile(cmd, args[0]).GetResources() {
		if r.Readable() {
			names = append(names, word(r.Name, r.Description))
		}
	}
	return names, noFiles
}

// words are candidates as the shell wants them.
func words(candidates []argument.Candidate) ([]string, cobra.ShellCompDirective) {
	var list []string
	directive := noFiles
	for _, c := range candidates {
		if c.Open {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		list = append(list, word(c.Word, c.Description))
	}
	return list, directive
}

func word(w, description string) string {
	return strings.TrimSuffix(w+"\t"+console.Clean(description), "\t")
}
