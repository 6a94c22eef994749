package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// commandID checks a command's id from the command line.
func commandID(cmd *cobra.Command, id string) error {
	if err := roostv1.CheckID("command id", id); err != nil {
		return usage(cmd, "%v", err)
	}
	return nil
}

// endOfID is how many characters at its end are taken for a whole id, at least: fewer are those of
// too many.
const endOfID = 8

// wholeID finds the one command of late whose id ends so; false if there is none, or more than one.
func (l *link) wholeID(ctx context.Context, client *cluster.Client, device, end string) (found commandKey, ok bool) {
	if len(end) < endOfID {
		return commandKey{}, false
	}
	ctx, cancel := l.bounded(ctx)
	defer cancel()
	for record, err := range client.Commands(ctx, cluster.CommandQuery{Device: device, Last: defaultHistory}) {
		switch {
		case err != nil && ctx.Err() != nil:
			return commandKey{}, false
		case err != nil || !strings.HasSuffix(record.CommandId, end) || keyOf(record) == found:
		case ok:
			return commandKey{}, false
		default:
			found, ok = keyOf(record), true
		}
	}
	return found, ok
}
