package cluster

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	defaultInFlight = 16
	maxInFlight     = 1000
)

// FleetCommand is one command for many devices: each of them gets one of its own, and has an outcome of its own.
type FleetCommand struct {
	// Command is what each device is told; its device is left empty. Its id is that of the whole, which
	// each part names as its parent; without one it gets a new one.
	Command *roostv1.Command
	// Selector has the labels of the devices; one without any selects all. Retired devices are left out.
	Selector map[string]string
	// MaxInFlight is how many commands are begun and not answered at one time; default 16, at most 1000.
	MaxInFlight int
	// Wait is how long each outcome is waited for; default 5 s, at most 5 min.
	Wait time.Duration
	// Complete makes Command, of which it gets a copy, right for devices of a profile, which is nil where it is
	// missing. Its error is the outcome of those devices. It is not called concurrently. nil: it is right.
	Complete func(*roostv1.Profile, *roostv1.Command) error
}

// FleetRun is a fleet command that is ready to go.
type FleetRun struct {
	ID      string   // of the whole
	Devices []string // ids, in order

	client   *Client
	command  FleetCommand
	profiles []string // of the devices
	bodies   map[string]fleetBody
}

// fleetBody is what devices of one profile are told, or why they are not.
type fleetBody struct {
	command *roostv1.Command
	err     error
}

// fleetSpace is the namespace of the ids of a fleet command's parts.
var fleetSpace = uuid.MustParse("b6f1c0b4-9d0e-5d35-8a3c-5f1f7f1f0a6e")

// FleetCommandID is the id of the part of a fleet command that one device gets: the UUIDv5 of "parent/device"
// in the namespace b6f1c0b4-9d0e-5d35-8a3c-5f1f7f1f0a6e. So it is safe to send a fleet command again, with its id: who has got
// it does not act twice.
func FleetCommandID(parent, device string) string {
	return uuid.NewSHA1(fleetSpace, []byte(parent+"/"+device)).String()
}

// SendAll chooses the devices of a fleet command and returns it ready to go: nothing is sent before
// Outcomes. The error is ErrInvalid if it cannot be sent to any device, and ErrNotFound if there
// is no such device.
func (c *Client) SendAll(ctx context.Context, command FleetCommand) (*FleetRun, error) {
	run := &FleetRun{client: c, command: command}
	if err := run.settle(); err != nil {
		return nil, err
	}
	picture, err := listControl(ctx, c.data, c.names, c.names.Device("*"), c.names.Profile("*"))
	if err != nil {
		return nil, err
	}
	if err := run.choose(picture); err != nil {
		return nil, err
	}
	return run, nil
}

// settle fills in what was left out, and checks the rest.
func (r *FleetRun) settle() error {
	r.command.Command = proto.CloneOf(r.command.Command)
	c := r.command.Command
	switch {
	case c == nil:
		return roostv1.Errorf(roostv1.ErrInvalid, "no command")
	case c.DeviceId != "" || c.ParentId != "":
		return roostv1.Errorf(roostv1.ErrInvalid, "fleet command %s: it has a device or a parent of its own", c.Name)
	case r.command.MaxInFlight < 0 || r.command.MaxInFlight > maxInFlight:
		return roostv1.Errorf(roostv1.ErrInvalid, "fleet command %s: %d in flight are not between 1 and %d", c.Name, r.command.MaxInFlight, maxInFlight)
	case r.command.Wait < 0 || r.command.Wait > maxWait:
		return roostv1.Errorf(roostv1.ErrInvalid, "fleet command %s: wait %v is not between 0 and %v", c.Name, r.command.Wait, maxWait)
	}
	r.command.MaxInFlight = cmp.Or(r.command.MaxInFlight, defaultInFlight)
	r.command.Wait = cmp.Or(r.command.Wait, defaultWait)
	if c.Id == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make an id for the fleet command: %w", err)
		}
		c.Id = id.String()
	}
	r.ID = c.Id
	if err := roostv1.CheckID("command id", c.Id); err != nil {
		return err
	}
	return roostv1.ValidateCommand(r.part(c, "any"))
}

// choose finds the devices, and what those of each profile are told.
func (r *FleetRun) choose(picture *Picture) error {
	all := 0
	r.bodies = map[string]fleetBody{}
	for spec := range picture.eachDevice() {
		if adminState(spec) == roostv1.AdminState_ADMIN_STATE_RETIRED {
			continue
		}
		all++
		if !roostv1.MatchLabels(r.command.Selector, spec.Labels) {
			continue
		}
		r.Devices = append(r.Devices, spec.Id)
		r.profiles = append(r.profiles, spec.Profile)
		if _, known := r.bodies[spec.Profile]; !known {
			r.bodies[spec.Profile] = r.body(picture.Profile(spec.Profile))
		}
	}
	switch {
	case all == 0:
		return roostv1.Errorf(roostv1.ErrNotFound, "the fleet has no devices")
	case len(r.Devices) == 0:
		return roostv1.Errorf(roostv1.ErrNotFound, "none of the %d devices has the labels %s", all, labelText(r.command.Selector))
	}
	return nil
}

func labelText(labels map[string]string) string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		words = append(words, k+"="+labels[k])
	}
	return strings.Join(words, ",")
}

func (r *FleetRun) body(profile *roostv1.Profile) fleetBody {
	body := fleetBody{command: r.command.Command}
	if r.command.Complete != nil {
		body.command = proto.CloneOf(body.command)
		body.err = r.command.Complete(profile, body.command)
	}
	return body
}

// part is the command that one device gets.
func (r *FleetRun) part(body *roostv1.Command, device string) *roostv1.Command {
	c := proto.CloneOf(body)
	c.Id, c.ParentId, c.DeviceId = FleetCommandID(r.ID, device), r.ID, device
	return c
}

// Outcomes sends the commands, in the order of the devices, and yields what became of each as it comes: one
// record a device. That is its final record, or the present one when its wait has ended. A command that
// was never recorded has the state UNSPECIFIED, and a status that says why: it is certain that nothing
// was sent. One of which nobody can tell is UNKNOWN. That one fails is no reason to stop.
//
// When ctx ends, no more are begun, and those that were not have the status CANCELLED. Those in flight
// are given two seconds to end; after that they are as the hub has them, or UNKNOWN. Breaking the loop does
// the same, and waits for what is in flight.
func (r *FleetRun) Outcomes(ctx context.Context) iter.Seq[*roostv1.CommandRecord] {
	return func(yield func(*roostv1.CommandRecord) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		outcomes := make(chan *roostv1.CommandRecord)
		go r.send(ctx, outcomes) // ends before the channel is closed, which is waited for
		wanted := true
		for record := range outcomes {
			if wanted && !yield(record) {
				wanted = false
				stop()
			}
		}
	}
}
