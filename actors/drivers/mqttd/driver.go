package mqttd

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/answer"
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "mqttd"

// Driver opens sessions with devices that dial in. The zero value is ready; it must not be copied after first use.
type Driver struct {
	// Log hears of who is refused. Nil: nobody does.
	Log *slog.Logger
	// Secrets are where secrets may be that devices name; nil: nowhere.
	Secrets *keys.Places

	counts counters
	desks  answer.Desks[desk]
	mu     sync.Mutex
	at     map[listenAddress]*listener
}

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Counter  = (*Driver)(nil)
	_ actors.Pusher   = (*session)(nil)
	_ actors.Actuator = (*session)(nil)
)

type counters struct{ connected, takenOver, refused, foreign atomic.Uint64 }

// Counts are what a driver has seen since it was made.
type Counts struct {
	Connected uint64 // devices that were let in
	TakenOver uint64 // of these, the ones whose earlier connection was still there
	Refused   uint64 // connections of unknown clients, with wrong passwords, and beyond the limit
	Foreign   uint64 // messages and subscriptions that were not their device's to send or to ask for
}

// Counts returns what the driver has seen.
func (d *Driver) Counts() Counts {
	return Counts{
		Connected: d.counts.connected.Load(), TakenOver: d.counts.takenOver.Load(),
		Refused: d.counts.refused.Load(), Foreign: d.counts.foreign.Load(),
	}
}

// Counted implements [actors.Counter]: connected, taken_over, refused and foreign, as [Counts] has them.
func (d *Driver) Counted() map[string]uint64 {
	c := d.Counts()
	return map[string]uint64{"connected": c.Connected, "taken_over": c.TakenOver, "refused": c.Refused, "foreign": c.Foreign}
}

func (d *Driver) log() *slog.Logger {
	if d.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return d.Log
}

// Check tells whether the device's address and the protocol entries of its resources are understood.
func (*Driver) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the mqttd driver needs a device and its profile")
	}
	_, problems := parse(d.Spec, d.Profile, nil)
	return problems.Err()
}

// Open listens for the device, and returns when it has dialled in; of a sleepy device at once.
func (d *Driver) Open(ctx context.Context, device actors.Device) (actors.Session, error) {
	s, err := d.open(ctx, device)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", device.Spec.GetId(), err)
	}
	return s, nil
}

func (d *Driver) open(ctx context.Context, device actors.Device) (*session, error) {
	if err := d.Check(device); err != nil {
		return nil, err
	}
	m, _ := parse(device.Spec, device.Profile, d.Secrets)
	s, err := newSession(d, device.Spec.GetId(), m)
	if err != nil {
		return nil, err
	}
	if s.listener, err = d.join(ctx, m.at.listen); err != nil {
		return nil, err
	}
	s.openDesks()
	if err := s.listener.join(s); err != nil {
		s.closeDesks()
		d.leave(s.listener)
		return nil, err
	}
	if err := s.greet(ctx); err != nil {
		s.end(ctx)
		return nil, err
	}
	return s, nil
}

// join returns the listener at an address, which is released by leave.
func (d *Driver) join(ctx context.Context, at listenAddress) (*listener, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for other := range d.at {
		if other.at == at.at && other != at {
			return nil, roostv1.Errorf(roostv1.ErrInvalid,
				"devices dial in at %s already, with another certificate or none: all devices there need the same cert and key", at.at)
		}
	}
	l := d.at[at]
	if l == nil {
		var err error
		if l, err = d.listen(ctx, at); err != nil {
			return nil, err
		}
		if d.at == nil {
			d.at = make(map[listenAddress]*listener)
		}
		d.at[at] = l
	}
	l.users++
	return l, nil
}

// leave gives a listener back, and closes it when nobody has it any more.
func (d *Driver) leave(l *listener) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l.users--; l.users > 0 {
		return
	}
	delete(d.at, l.at)
	l.close()
}
