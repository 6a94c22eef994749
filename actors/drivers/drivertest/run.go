package drivertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Options tell what cannot be known of a driver without asking. The zero value is
// fine for a device that is only read.
type Options struct {
	// Actions that the device acknowledges, in this order.
	Actions []actors.Action
	// Refused are actions that it does not: their errors have to tell that they
	// had no effect.
	Refused []actors.Action
	// Silent are actions that the device takes in without an answer: their errors must not say that they had no effect.
	Silent []actors.Action
	// Bad devices, which Check refuses.
	Bad []actors.Device
	// Away is a device like it at an address where nobody is; without a spec that is not judged.
	Away actors.Device
	// Another returns the i-th device to open beside others; nil: the same, with
	// another id and bus.
	Another func(i int) actors.Device
	// Many is how many of these are opened concurrently; default 16, below 0: none.
	Many int
	// Polls is in how many polls a good sample must have come; default 3.
	Polls int
	// Timeout is what calls are given that should succeed, and the time in which a
	// pushing device must send; default 5 s.
	Timeout time.Duration
	// Grace is how long a call may take after its context has ended, and how long
	// goroutines may after Close; default 2 s.
	Grace time.Duration
}

func (o Options) withDefaults(d actors.Device) Options {
	set := func(v *time.Duration, preset time.Duration) {
		if *v <= 0 {
			*v = preset
		}
	}
	set(&o.Timeout, 5*time.Second)
	set(&o.Grace, 2*time.Second)
	if o.Many == 0 {
		o.Many = 16
	}
	if o.Polls <= 0 {
		o.Polls = 3
	}
	if o.Another == nil {
		o.Another = func(i int) actors.Device { return another(d, i) }
	}
	return o
}

// another returns a device like d with an id and a bus of its own.
func another(d actors.Device, i int) actors.Device {
	spec := proto.CloneOf(d.Spec)
	spec.Id = fmt.Sprintf("%s-%d", spec.GetId(), i)
	spec.Bus = ""
	return actors.Device{Spec: spec, Profile: d.Profile}
}

// Run fails the test for each rule that the driver breaks with the device.
func Run(t testing.TB, driver actors.Driver, device actors.Device, o Options) {
	t.Helper()
	for _, err := range Verify(t.Context(), driver, device, o) {
		t.Error(err)
	}
}

// Verify returns an error for each rule that the driver breaks with the device; it
// starts with the rule's name. All calls run under ctx.
func Verify(ctx context.Context, driver actors.Driver, device actors.Device, o Options) []error {
	if driver == nil || device.Spec == nil || device.Profile == nil {
		return []error{errors.New("drivertest needs a driver, a device and its profile")}
	}
	spec, profile := proto.CloneOf(device.Spec), proto.CloneOf(device.Profile)
	t := &trial{driver: driver, device: device, Options: o.withDefaults(device)}
	var broken []error
	for _, rule := range rules() {
		err := rule.check(ctx, t)
		if err = errors.Join(err, t.leftovers()); err != nil {
			broken = append(broken, fmt.Errorf("%s: %w", rule.name, err))
		}
	}
	if !proto.Equal(spec, device.Spec) || !proto.Equal(profile, device.Profile) {
		broken = append(broken, errors.New("unchanged: the driver changed the device's messages"))
	}
	return broken
}

// rule is one thing that drivers have to keep.
type rule struct {
	name  string
	check func(context.Context, *trial) error
}

func rules() []rule {
	return []rule{
		{"check", checkCheck},
		{"open", checkOpen},
		{"close", checkClose},
		{"deadline", checkDeadline},
		{"poll", checkPoll},
		{"push", checkPush},
		{"actuate", checkActuate},
		{"silent", checkSilent},
		{"away", checkAway},
		{"many", checkMany},
	}
}

// checkCheck judges Check, if the driver has one.
func checkCheck(ctx context.Context, t *trial) error {
	checker, ok := t.driver.(actors.Checker)
	if !ok {
		return nil
	}
	check := func(d actors.Device) error {
		var verdict error
		err := t.call(ctx, t.Timeout, "Check", func(context.Context) error {
			verdict = checker.Check(d)
			return nil
		})
		if err != nil {
			return err
		}
		return verdict
	}
	var broken []error
	if err := check(t.device); err != nil {
		broken = append(broken, fmt.Errorf("it refuses the device: %w", err))
	}
	for i, bad := range append([]actors.Device{{}, {Spec: t.device.Spec}, {Profile: t.device.Profile}}, t.Bad...) {
		if err := check(bad); !errors.Is(err, roostv1.ErrInvalid) {
			broken = append(broken, fmt.Errorf("verdict on bad device %d is %v, want ErrInvalid", i, err))
		}
	}
	return errors.Join(broken...)
}
