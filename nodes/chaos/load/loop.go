package load

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// queryTime bounds a query.
const queryTime = 3 * time.Second

// Loop uses a fleet until ctx ends, as a program does that waits for each answer before it goes on: it asks devices for their
// values, and sends commands that wait for a device that is away, until they have ended.
func (c *Client) Loop(ctx context.Context) {
	work := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		device := c.Devices[c.chance.IntN(len(c.Devices))]
		what, amount, rest := c.chance.IntN(4), c.chance.IntN(100), time.Duration(c.chance.Float64()*float64(restTime))
		switch what {
		case 0:
			command, call := c.durable(device, amount)
			c.send(work, command, call)
		default:
			c.query(work, device)
		}
		pause(ctx, rest)
	}
}

// durable returns a command with a long deadline that waits for its device.
func (c *Client) durable(device string, amount int) (*roostv1.Command, *history.Call) {
	c.count++
	value := roostv1.Double(float64(amount))
	command := &roostv1.Command{
		Id: fmt.Sprintf("%s-%d", c.Name, c.count), DeviceId: device, Sender: c.Name, QueueWhileAway: true,
		ExpiresIn: durationpb.New(longExpiry), Name: "set_setpoint", Arguments: map[string]*roostv1.Value{"celsius": value},
	}
	return command, &history.Call{
		Command: command.Id, Client: c.Name, Device: device, Class: history.Absolute, Name: command.Name,
		Resource: wire.ResourceSetpoint, Value: value.Format(), Expires: longExpiry, QueueWhileAway: true,
	}
}

// query asks who serves a device for what it measures.
func (c *Client) query(ctx context.Context, device string) {
	c.count++
	id := fmt.Sprintf("%s-%d", c.Name, c.count)
	_ = c.History.Write(&history.Call{ // found out when it is closed
		Command: id, Client: c.Name, Device: device, Class: history.Query, Name: "query", Resource: wire.ResourceValue,
	})
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	answer := &history.Answer{Command: id, Device: device, Source: history.FromReply}
	view, err := c.Fleet.Device(ctx, device)
	switch {
	case err != nil:
		answer.Error = err.Error()
	case view.Status.GetState() != roostv1.DeviceState_DEVICE_STATE_ONLINE:
		answer.Error = "the device is " + view.Status.GetState().Word()
	default:
		answer.Gateway, answer.Epoch = view.Status.Gateway, view.Status.Epoch
		for _, r := range view.Status.Resources {
			if r.Resource == wire.ResourceValue && r.Value != nil {
				answer.State, answer.Value = history.Succeeded, r.Value.Format()
			}
		}
	}
	_ = c.History.Write(answer)
}
