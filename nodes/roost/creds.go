package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster/access"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// identify reads the file of credentials, if there is one, and takes from it where the fleet is. What the command
// line says besides counts for the hub's address only, and must not name another fleet. What the environment says
// of either gives way to the file.
func (l *link) identify(cmd *cobra.Command) error {
	if l.creds == "" {
		return nil
	}
	c, err := access.Read(l.creds)
	if errors.Is(err, roostv1.ErrPermission) {
		return err
	}
	if err != nil {
		return &exit{exitUsage, err}
	}
	if flag := cmd.Flag("hub"); flag != nil && flag.Changed {
		c.Hub = l.hub
		if err := c.Check(); err != nil {
			return usage(cmd, "--hub: %v", err)
		}
	}
	if flag := cmd.Flag("fleet-name"); flag != nil && flag.Changed && l.fleet != c.Fleet {
		return &exit{exitUsage, roostv1.Errorf(roostv1.ErrPermission, "the credentials in %s are for fleet %s, not for %s", l.creds, c.Fleet, l.fleet)}
	}
	l.hub, l.fleet, l.credential = c.Hub, c.Fleet, c
	return nil
}

// identifyGateway takes the gateway's id from its credentials, and refuses those of anybody else: the hub would let it
// do nothing, without a word of why.
func (c *gatewayCommand) identifyGateway() error {
	switch {
	case c.credential == nil:
		return nil
	case c.credential.Role != access.RoleGateway:
		return &exit{exitUsage, roostv1.Errorf(roostv1.ErrPermission, "the credentials in %s are those of %s %s, not of a gateway",
			c.creds, c.credential.Role, c.credential.Name)}
	case c.id != "" && c.id != c.credential.Name:
		return &exit{exitUsage, roostv1.Errorf(roostv1.ErrPermission, "the credentials in %s are those of gateway %s, not of %s: leave --id out, or name its own file",
			c.creds, c.credential.Name, c.id)}
	}
	c.id = c.credential.Name
	return nil
}
