package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// localHelp is what commands with --local say about it.
const localHelp = `With --local the gateway of this machine is asked, also while the hub is away:
the one that has FOLDER, or else the only one of this user.`

// anyFolder stands for the only folder that there is.
const anyFolder = "?"

// local is the gateway of this machine that is asked in place of the hub.
type local struct{ folder string }

// flag adds --local to a command.
func (l *local) flag(cmd *cobra.Command) {
	const name = "local"
	f := cmd.Flags()
	f.StringVar(&l.folder, name, "", "ask the gateway of this machine that has `FOLDER`, not the hub")
	f.Lookup(name).NoOptDefVal = anyFolder
	_ = cmd.MarkFlagDirname(name) // the flag is there
}

// asked reports whether the gateway of this machine is to be asked.
func (l *local) asked() bool { return l.folder != "" }

// refuses refuses flags that make no sense beside --local.
func (l *local) refuses(cmd *cobra.Command, flags ...string) error {
	for _, name := range append(flags, "hub", "fleet-name") {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			return usage(cmd, "--%s does not go with --local, which asks the gateway of this machine only", name)
		}
	}
	return nil
}

// client returns a client of the gateway that was asked for.
func (l *local) client(p program) (*control.Client, error) {
	folder, err := l.find(p)
	if err != nil {
		return nil, err
	}
	return control.NewClient(folder), nil
}

// find returns the folder of the gateway: the one that was named, the only one below the one that was named, or the
// only one below this user's data folder.
func (l *local) find(p program) (string, error) {
	below := l.folder
	if l.folder == anyFolder {
		var err error
		if below, err = dataFolder("", p.Getenv); err != nil {
			return "", &exit{exitUsage, errors.New("there is no folder of this user with gateways in it: say which with --local=FOLDER")}
		}
	}
	if l.folder != anyFolder && exists(filepath.Join(below, control.SocketName)) {
		return below, nil
	}
	sockets, _ := filepath.Glob(filepath.Join(escaped(below), gatewayFolder("", "*"), control.SocketName)) // the pattern is one
	if len(sockets) > 1 {                                                                                  // those of gateways that run come first
		if running := slices.DeleteFunc(slices.Clone(sockets), func(s string) bool { return !control.Served(s) }); len(running) > 0 {
			sockets = running
		}
	}
	switch {
	case len(sockets) == 1:
		return filepath.Dir(sockets[0]), nil
	case len(sockets) > 1:
		var flags []string
		for _, s := range sockets {
			flags = append(flags, "--local="+filepath.Dir(s))
		}
		return "", &exit{exitUsage, fmt.Errorf("there are several gateways below %s: choose one of %s", below, strings.Join(flags, ", "))}
	case l.folder == anyFolder:
		return "", roostv1.Errorf(roostv1.ErrUnavailable, "no gateway runs below %s: start one, or name its folder with --local=FOLDER", below)
	}
	return below, nil // the client says that nobody is there
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// escaped is a path as a pattern that only it matches.
func escaped(path string) string {
	return strings.NewReplacer(`[`, `\[`, `*`, `\*`, `?`, `\?`).Replace(path)
}

// useLocal has act use the gateway of this machine. The context of act ends after the timeout.
func useLocal(cmd *cobra.Command, p program, l *local, fleet *link, act func(context.Context, *control.Client) error) error {
	client, err := l.client(p)
	if err != nil {
		return err
	}
	ctx, cancel := fleet.bounded(cmd.Context())
	defer cancel()
	return act(ctx, client)
}

// devicesOr completes a device's id: with --local one that the gateway of this machine serves, and else as
// otherwise does.
func (l *local) devicesOr(p program, otherwise cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, beginning string) ([]string, cobra.ShellCompDirective) {
		if !l.asked() || len(args) > 0 {
			return otherwise(cmd, args, beginning)
		}
		return l.deviceIDs(cmd, p), noFiles
	}
}

// deviceIDs are the devices that the gateway of this machine serves, as a shell shows them.
func (l *local) deviceIDs(cmd *cobra.Command, p program) (ids []string) {
	l.ask(cmd, p, func(ctx context.Context, client *control.Client) {
		devices, _ := client.Devices(ctx)
		for _, d := range devices {
			ids = append(ids, deviceWord(d))
		}
	})
	return ids
}

// profile returns the profile of a device of the gateway of this machine, nil if it cannot be had.
func (l *local) profile(cmd *cobra.Command, p program, device string) (profile *roostv1.Profile) {
	l.ask(cmd, p, func(ctx context.Context, client *control.Client) {
		d, _ := client.Device(ctx, device)
		profile = d.Profile
	})
	return profile
}

// ask asks the gateway of this machine for words, for a short while. A shell has no use for an error: it shows no words.
func (l *local) ask(cmd *cobra.Command, p program, question func(context.Context, *control.Client)) {
	client, err := l.client(p)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeWait)
	defer cancel()
	question(ctx, client)
}
