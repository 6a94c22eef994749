package modbus

import (
	"context"
	"fmt"
	"sync"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Name is what a device's driver field calls this driver.
const Name = "modbus"

// Driver opens sessions with Modbus devices. The zero value is ready; it must not be copied after first use.
type Driver struct {
	mu    sync.Mutex
	lines map[lineAddress]*line
}

var (
	_ actors.Driver   = (*Driver)(nil)
	_ actors.Checker  = (*Driver)(nil)
	_ actors.Poller   = (*session)(nil)
	_ actors.Actuator = (*session)(nil)
)

// Check tells whether the device's address and the protocol entries of its resources are understood.
func (*Driver) Check(d actors.Device) error {
	if d.Spec == nil || d.Profile == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the modbus driver needs a device and its profile")
	}
	at, problems := parseAddress(d.Spec)
	entries, flaws := parseEntries(d.Profile)
	problems = append(problems, flaws...)
	for i, r := range d.Profile.GetResources() {
		if e := entries[r.GetName()]; !e.table.bits() && e.count > at.most {
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("resources[%d]", i),
				Message: fmt.Sprintf("%s has %d registers, and the device gives %d at once", r.GetName(), e.count, at.most),
			})
		}
	}
	for i, c := range d.Profile.GetCommands() {
		if len(c.GetSteps()) == 0 {
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("commands[%d].steps", i),
				Message: fmt.Sprintf("command %q has none, and Modbus devices have no commands of their own", c.GetName()),
			})
		}
	}
	return problems.Err()
}

// Open opens the way to the device. Whether the device answers shows in the first poll: Modbus has no greeting.
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
	at, _ := parseAddress(device.Spec)
	entries, _ := parseEntries(device.Profile)
	l, err := d.join(at.line)
	if err != nil {
		return nil, err
	}
	if err := l.connect(ctx); err != nil {
		d.leave(l)
		return nil, err
	}
	return &session{driver: d, line: l, device: device.Spec.GetId(), at: at, entries: entries}, nil
}

// join returns the line at an address, which is released by leave.
func (d *Driver) join(at lineAddress) (*line, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for other := range d.lines {
		if other.way == waySerial && other.to == at.to && other != at {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "serial port %s is in use with %s, and not with %s: all devices on it need the same",
				at.to, other.serial, at.serial)
		}
	}
	l := d.lines[at]
	if l == nil {
		if d.lines == nil {
			d.lines = make(map[lineAddress]*line)
		}
		l = &line{driver: d, at: at, turn: make(chan struct{}, 1)}
		d.lines[at] = l
	}
	l.users++
	return l, nil
}

// leave gives a line back.
func (d *Driver) leave(l *line) {
	d.mu.Lock()
	l.users--
	d.mu.Unlock()
	d.reap(l)
}

// reap closes a line that nobody uses. While a request is on its way that nobody waits for any more, it leaves that to the
// request's end.
func (d *Driver) reap(l *line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l.users > 0 {
		return
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	default:
		return
	}
	l.close()
	if d.lines[l.at] == l {
		delete(d.lines, l.at)
	}
}
