package cluster

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Together they are less than the second after its wait within which a sender is to know.
const (
	// sendGrace is how long after the wait the answer of a gateway may come.
	sendGrace = 600 * time.Millisecond
	// recordTimeout is how long the hub is then given to tell of the record.
	recordTimeout = 300 * time.Millisecond
)

// recorded returns the record of a command as the hub has it, whatever became of the gateway that was to
// tell; nil if there is none, or none that is certainly this command's.
func (c *Client) recorded(ctx context.Context, command *roostv1.Command) *roostv1.CommandRecord {
	js, err := jetstream.New(c.data)
	if err != nil || !c.data.IsConnected() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	record, err := lastCommand(ctx, js, c.names.ControlStream(), c.names, command.DeviceId, command.Id)
	if err != nil || !roostv1.BodyEqual(record.GetCommand(), command) {
		return nil
	}
	return record
}
