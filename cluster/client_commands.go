package cluster

import (
	"context"
	"iter"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// CommandQuery says which commands are wanted.
type CommandQuery struct {
	Device string                 // only commands for this device; empty: all devices
	Parent string                 // only parts of this fleet command; empty: all
	Since  time.Time              // only what changed at this time of the hub or later; zero: from the first that it still has
	States []roostv1.CommandState // only commands that stand so; none: all
	Follow bool                   // also each change from now on, until ctx ends
}

// Command returns the record of a command, and waits for its end, at most for wait (0: not at all).
// Without a device it is looked for in the history by its id. The error is ErrNotFound if
// there is none.
func (c *Client) Command(ctx context.Context, device, id string, wait time.Duration) (*roostv1.CommandRecord, error) {
	return nil, roostv1.Errorf(roostv1.ErrUnavailable, "not there yet")
}

// Cancel asks for a command not to be carried out, and waits for its end, at most for wait (0: 5 s).
// The error is ErrConflict, with the record, if it was dispatched before, or has ended otherwise.
func (c *Client) Cancel(ctx context.Context, cancellation *roostv1.Cancellation, wait time.Duration) (*roostv1.CommandRecord, error) {
	return nil, roostv1.Errorf(roostv1.ErrUnavailable, "not there yet")
}

// Commands yields the records of commands, the one that changed first first: the last record of each. With
// Follow it goes on with each change, until ctx ends.
func (c *Client) Commands(ctx context.Context, q CommandQuery) iter.Seq2[*roostv1.CommandRecord, error] {
	return func(yield func(*roostv1.CommandRecord, error) bool) {
		yield(nil, roostv1.Errorf(roostv1.ErrUnavailable, "not there yet"))
	}
}
