package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// MaxRegisterClients is how many clients may use one register: with more at a time, nobody can find an order of
	// what they did.
	MaxRegisterClients = 5
	// registerTime is how long one operation may take before its outcome is unsure.
	registerTime = 5 * time.Second
	// restTime is how long a client rests between two operations, at most.
	restTime = 300 * time.Millisecond
	// registerStep is between two values that are desired. Each is desired once.
	registerStep = 1.0 / 1024
)

// RegisterConfig says what a client of registers does. All is needed.
type RegisterConfig struct {
	// Number of the client, below MaxRegisterClients; others have other numbers.
	Number  int
	Seed    uint64
	Devices []string
	Fleet   *cluster.Client
	Conn    *nats.Conn
	Names   cluster.Subjects
	History *history.Writer
	Clock   boottime.Clock
}

// RegisterClient reads and changes what is desired of devices, and reads who owns their buses, one operation at a time.
type RegisterClient struct {
	RegisterConfig
	name      string
	chance    *rand.Rand
	count     int
	revisions map[string]uint64 // by device: what is desired, as far as this client knows
	control   jetstream.Stream  // nil until first needed
}

// NewRegisterClient returns a client; Run is what works.
func NewRegisterClient(cfg RegisterConfig) *RegisterClient {
	name := RegisterClientName(cfg.Number)
	return &RegisterClient{RegisterConfig: cfg, name: name, chance: plan.Stream(cfg.Seed, "load/"+name), revisions: map[string]uint64{}}
}

// RegisterClientName is the name of the client with a number.
func RegisterClientName(number int) string { return fmt.Sprintf("register-%d", number+1) }

// Run works until ctx ends, and then reads each register once more, so that the last writes are seen. A history that
// cannot be written is found out by who closes it.
func (c *RegisterClient) Run(ctx context.Context) {
	work := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		device := c.Devices[c.chance.IntN(len(c.Devices))]
		what, rest := c.chance.IntN(10), time.Duration(c.chance.Float64()*float64(restTime))
		c.operate(work, device, what)
		pause(ctx, rest)
	}
	for _, device := range c.Devices {
		c.read(work, device)
		c.readOwner(work, device)
	}
}

// operate does one of ten. Who does not know what is desired reads it before anything else: so each client has at most
// one write in doubt for each time that the hub is away.
func (c *RegisterClient) operate(ctx context.Context, device string, what int) {
	revision, known := c.revisions[device]
	switch {
	case what < 2:
		c.readOwner(ctx, device)
	case !known || what < 5:
		c.read(ctx, device)
	case what < 9:
		c.write(ctx, device, revision)
	default:
		c.write(ctx, device, 0)
	}
}

// read reads what is desired.
func (c *RegisterClient) read(ctx context.Context, device string) {
	op := c.begin("desired."+device, history.RegisterRead)
	ctx, cancel := context.WithTimeout(ctx, registerTime)
	defer cancel()
	desired, err := c.Fleet.Desired(ctx, device)
	c.took(op, device, desired, err)
}

// write desires what nobody has before: in place of one revision, or of whatever there is. Nothing that was ever desired
// has revision 0.
func (c *RegisterClient) write(ctx context.Context, device string, revision uint64) {
	c.count++
	value := roostv1.Double(float64(c.count*MaxRegisterClients+c.Number) * registerStep)
	set := map[string]*roostv1.Value{wire.ResourceSetpoint: value}
	op := c.begin("desired."+device, history.RegisterWrite)
	op.Expect, op.Blind, op.Value = revision, revision == 0, value.Format()
	ctx, cancel := context.WithTimeout(ctx, registerTime)
	defer cancel()
	if op.Blind {
		desired, err := c.Fleet.SetDesired(ctx, device, set, nil, c.name, "")
		c.took(op, device, desired, err)
		return
	}
	desired, err := c.Fleet.ReplaceDesired(ctx, device, revision, set, nil, c.name, "")
	c.took(op, device, desired, err)
}

func (c *RegisterClient) begin(key string, what history.RegisterOperation) *history.Register {
	return &history.Register{Client: c.name, Key: key, Operation: what, Called: c.Clock.Now()}
}

// took writes down what came of an operation on what is desired.
func (c *RegisterClient) took(op *history.Register, device string, desired *roostv1.Desired, err error) {
	delete(c.revisions, device)
	switch {
	case err == nil:
		op.Outcome, op.Revision = history.RegisterDone, desired.GetRevision()
		op.Value = desired.GetValues()[wire.ResourceSetpoint].Format()
		c.revisions[device] = op.Revision
		if op.Blind {
			op.Expect = op.Revision - 1 // each change makes it grow by one
		}
	case errors.Is(err, roostv1.ErrConflict):
		op.Outcome = history.RegisterRefused
	default:
		op.Outcome = history.RegisterUnsure
	}
	_ = c.History.Write(op)
}

// readOwner reads who owns the bus of a device, which is named as the device is.
func (c *RegisterClient) readOwner(ctx context.Context, device string) {
	op := c.begin("own."+device, history.RegisterRead)
	ctx, cancel := context.WithTimeout(ctx, registerTime)
	defer cancel()
	op.Outcome = history.RegisterUnsure
	if owner, epoch, err := c.owner(ctx, device); err == nil {
		op.Outcome, op.Value, op.Revision = history.RegisterDone, owner.Name(), epoch
	}
	_ = c.History.Write(op)
}

func (c *RegisterClient) owner(ctx context.Context, bus string) (owner history.Peer, epoch uint64, err error) {
	if c.control == nil {
		js, err := jetstream.New(c.Conn)
		if err != nil {
			return owner, 0, err
		}
		if c.control, err = js.Stream(ctx, c.Names.ControlStream()); err != nil {
			return owner, 0, err
		}
	}
	last, err := c.control.GetLastMsgForSubject(ctx, c.Names.Owner(bus))
	if err != nil {
		return owner, 0, err
	}
	var own roostv1.Ownership
	if _, err := roostv1.Unmarshal(last.Data, &own); err != nil {
		return owner, 0, err
	}
	return history.Peer{Gateway: own.Gateway, Incarnation: own.Incarnation}, last.Sequence, nil
}
