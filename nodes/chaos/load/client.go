package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxOpen is how many commands of a client may be without an answer, and maxDevice how many of them for one device.
	maxOpen   = 256
	maxDevice = 5
	// Commands expire after shortExpiry, which is less than a failover takes, or after longExpiry.
	shortExpiry = time.Second
	longExpiry  = 15 * time.Second
	// answerTime is how long a client waits for an end beyond the expiry.
	answerTime = 5 * time.Second
)

// ClientConfig says what a client does.
type ClientConfig struct {
	Name    string
	Seed    uint64
	Rate    float64 // commands a second, on average
	Devices []string
	Fleet   *cluster.Client
	History *history.Writer
	Clocks  history.Clocks
	Tally   *Tally
}

// Client sends commands.
type Client struct {
	ClientConfig
	chance *rand.Rand
	count  int

	mu     sync.Mutex
	open   int
	device map[string]int
}

// NewClient returns a client; Run is what sends.
func NewClient(cfg ClientConfig) *Client {
	return &Client{ClientConfig: cfg, chance: plan.Stream(cfg.Seed, "load/"+cfg.Name), device: map[string]int{}}
}

// Run sends until ctx ends, and returns when each command has its answer, or none came in time.
func (c *Client) Run(ctx context.Context) {
	var waiting sync.WaitGroup
	defer waiting.Wait()
	for next := time.Now(); c.pauseUntil(ctx, next); {
		command, call := c.draw()
		if c.take(command.DeviceId) {
			waiting.Go(func() {
				defer c.give(command.DeviceId)
				c.send(context.WithoutCancel(ctx), command, call)
			})
		} else {
			c.Tally.skip()
		}
		next = next.Add(time.Duration(c.chance.ExpFloat64() / c.Rate * float64(time.Second)))
	}
}

func (c *Client) pauseUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// take counts a command as open; false if too many are.
func (c *Client) take(device string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open >= maxOpen || c.device[device] >= maxDevice {
		return false
	}
	c.open++
	c.device[device]++
	return true
}

func (c *Client) give(device string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	c.device[device]--
}

// draw draws the next command. Chance is asked as often whatever comes of it.
func (c *Client) draw() (*roostv1.Command, *history.Call) {
	c.count++
	device := c.Devices[c.chance.IntN(len(c.Devices))]
	what, long, queue, amount := c.chance.IntN(4), c.chance.IntN(2) == 0, c.chance.IntN(2) == 0, c.chance.IntN(100)
	command := &roostv1.Command{
		Id: fmt.Sprintf("%s-%d", c.Name, c.count), DeviceId: device, Sender: c.Name, QueueWhileAway: queue,
	}
	expiry := shortExpiry
	if long {
		expiry = longExpiry
	}
	command.ExpiresIn = durationpb.New(expiry)
	call := &history.Call{
		Command: command.Id, Client: c.Name, Device: device, Expires: expiry, QueueWhileAway: queue,
	}
	value := roostv1.Double(float64(amount))
	switch what {
	case 0, 1:
		command.Name, command.Arguments = "set_setpoint", map[string]*roostv1.Value{"celsius": value}
		call.Class, call.Resource = history.Absolute, wire.ResourceSetpoint
	case 2:
		command.Name, command.Arguments = "dose", map[string]*roostv1.Value{"ml": value}
		call.Class, call.Resource = history.Relative, wire.ResourceDose
	case 3:
		value = roostv1.Bool(true)
		command.Name = "pulse"
		call.Class, call.Resource = history.Pulse, wire.ResourcePulse
	}
	call.Name, call.Value = command.Name, value.Format()
	return command, call
}

// send sends a command and writes down what it was told. A history that cannot be written is found out by who
// closes it.
func (c *Client) send(ctx context.Context, command *roostv1.Command, call *history.Call) {
	_ = c.History.Write(call)
	record, err := c.Fleet.Send(ctx, command, command.ExpiresIn.AsDuration()+answerTime)
	answer := &history.Answer{Command: command.Id, Device: command.DeviceId, Source: history.FromReply}
	switch {
	case err != nil:
		answer.Error = err.Error()
		if status := roostv1.StatusOf(err); status != nil {
			answer.Error = status.Code.String() + ": " + answer.Error
		}
	default:
		answer = history.AnswerOf(record, history.FromReply, c.Clocks)
	}
	c.Tally.count(Open{command.DeviceId, command.Id}, answer.State, err == nil || errors.Is(err, roostv1.ErrOutcomeUnknown))
	_ = c.History.Write(answer)
}
