package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// failing makes devices fail at a point, at whatever gateway they are. That it took is known from the points, which were
// passed, and from the gateways, which say that the device has failed so.
type failing struct {
	fleet   *fleet.Fleet
	devices []string
	arm     failpoint.Arm
	code    roostv1.Code

	stop func() // listening
	mu   sync.Mutex
	said map[string]string // of devices: what their gateway said
}

func (f *failing) Down() []string { return nil }

func (f *failing) Apply(ctx context.Context) error {
	if err := f.listen(ctx); err != nil {
		return err
	}
	for _, device := range f.devices {
		arm := f.arm
		arm.ID, arm.Device = f.id(device), device
		if err := f.tell(ctx, failpoint.Request{Op: "arm", Arm: &arm}); err != nil {
			return err
		}
	}
	return nil
}

func (f *failing) id(device string) string { return f.arm.ID + "/" + device }

// tell asks the same of all gateways that run; none is an error.
func (f *failing) tell(ctx context.Context, r failpoint.Request) error {
	asked := 0
	for _, n := range f.fleet.Gateways() {
		if !n.Running() {
			continue
		}
		_, err := f.fleet.Control(ctx, n.Name, r)
		if _, runs := n.PID(); err != nil && runs && !(r.Op == "disarm" && errors.Is(err, failpoint.ErrRefused)) {
			return err // one that was started again meanwhile has nothing armed
		}
		asked++
	}
	if asked == 0 {
		return fmt.Errorf("%s: no gateway runs", r.Op)
	}
	return nil
}

// listen begins to listen to what gateways say of the devices.
func (f *failing) listen(ctx context.Context) error {
	ctx, f.stop = context.WithCancel(context.WithoutCancel(ctx))
	f.said = map[string]string{}
	events := f.fleet.Client().Events(ctx)
	go func() { // ends with ctx
		for e, err := range events {
			if err == nil && e.Status.GetCode() == f.code && failure(e.Kind) && slices.Contains(f.devices, e.DeviceId) {
				f.mu.Lock()
				f.said[e.DeviceId] = fmt.Sprintf("%s says that %s is %s: %s", e.Gateway, e.DeviceId, e.Kind.Word(), e.Message)
				f.mu.Unlock()
			}
		}
	}()
	return f.fleet.Conn().FlushTimeout(confirmTime)
}

func failure(k roostv1.EventKind) bool {
	return k == roostv1.EventKind_EVENT_KIND_FAILED || k == roostv1.EventKind_EVENT_KIND_QUARANTINED
}

// Confirm waits until each device was made to fail, and its gateway has said so.
func (f *failing) Confirm(ctx context.Context) (string, error) {
	var seen []string
	for _, device := range f.devices {
		said := ""
		if err := until(ctx, func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			said = f.said[device]
			return said != ""
		}); err != nil {
			return "", fmt.Errorf("no gateway says that %s has failed; the point was passed %d times: %w", device, f.fired(context.WithoutCancel(ctx), device), err)
		}
		n := f.fired(ctx, device)
		if n == 0 {
			return "", fmt.Errorf("%s, and no gateway has passed the point %s", said, f.arm.Point)
		}
		seen = append(seen, fmt.Sprintf("%s; %s at %s, %d times so far", said, f.arm.Do, f.arm.Point, n))
	}
	return fmt.Sprint(seen), nil
}

// fired is how often a device was made to fail, over all gateways.
func (f *failing) fired(ctx context.Context, device string) uint64 {
	var n uint64
	for _, g := range f.fleet.Gateways() {
		if !g.Running() {
			continue
		}
		a, err := f.fleet.Control(ctx, g.Name, failpoint.Request{Op: "hits"})
		if err != nil {
			continue // it does not run any more
		}
		s, _ := a.Status(f.id(device))
		n += s.Fired
	}
	return n
}

// Heal disarms the points, which lets go on what hangs there.
func (f *failing) Heal(ctx context.Context) error {
	if f.stop != nil {
		f.stop()
	}
	for _, device := range f.devices {
		if err := f.tell(ctx, failpoint.Request{Op: "disarm", ID: f.id(device)}); err != nil {
			return err
		}
	}
	return nil
}

// ConfirmHealed waits until the devices are online. Those in quarantine are released, as one would by hand.
func (f *failing) ConfirmHealed(ctx context.Context) (string, error) {
	for _, device := range f.devices {
		for {
			owners, err := f.fleet.Owners(ctx)
			if err == nil && owners[device] != "" {
				break
			}
			_ = f.fleet.Client().Release(ctx, device) // refused where it is not in quarantine
			if err := pauseFor(ctx); err != nil {
				return "", fmt.Errorf("%s does not come back: %w", device, err)
			}
		}
	}
	return fmt.Sprintf("%v answer again", f.devices), nil
}
