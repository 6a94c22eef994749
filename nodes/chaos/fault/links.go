package fault

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// links are the ways that a fault is done to.
type links struct {
	fleet    *fleet.Fleet
	gateways []string
	all      []*proxy.Link
	names    []string // as the history knows them
	before   proxy.Counters
}

// hubLinks are the ways between gateways and all hubs.
func hubLinks(f *fleet.Fleet, gateways []string) links {
	l := links{fleet: f, gateways: gateways}
	for _, gw := range gateways {
		for _, h := range f.Hubs() {
			if link := f.HubLink(gw, h.Name); link != nil {
				l.all = append(l.all, link)
				l.names = append(l.names, history.Link(gw, h.Name))
			}
		}
	}
	return l
}

// deviceLinks are the ways between gateways and the hardware.
func deviceLinks(f *fleet.Fleet, gateways []string) links {
	l := links{fleet: f, gateways: gateways}
	for _, gw := range gateways {
		l.all = append(l.all, f.DeviceLink(gw))
		l.names = append(l.names, history.Link(gw, history.TruthName))
	}
	return l
}

func (l *links) Down() []string { return l.names }

// set changes all links, and remembers what they had done before.
func (l *links) set(s proxy.State) error {
	if len(l.all) == 0 {
		return fmt.Errorf("there is no way between %v and the hubs", l.gateways)
	}
	for _, link := range l.all {
		link.Set(s)
	}
	l.before = l.counters()
	return nil
}

// counters are those of all links together.
func (l *links) counters() proxy.Counters {
	var sum proxy.Counters
	for _, link := range l.all {
		c := link.Counters()
		for d := range sum.Passed {
			sum.Passed[d] += c.Passed[d]
			sum.Held[d] += c.Held[d]
			sum.Lost[d] += c.Lost[d]
		}
		sum.Connections += c.Connections
		sum.Refused += c.Refused
		sum.Waited += c.Waited
		sum.Resets += c.Resets
	}
	return sum
}

// Heal lets everything through again.
func (l *links) Heal(context.Context) error {
	for _, link := range l.all {
		link.Set(proxy.State{})
	}
	l.before = l.counters()
	return nil
}

// ConfirmHealed waits until bytes pass both ways. A gateway that does not run has nothing to say.
func (l *links) ConfirmHealed(ctx context.Context) (string, error) {
	err := until(ctx, func() bool {
		now := l.counters()
		return now.Passed[proxy.Up] > l.before.Passed[proxy.Up] && now.Passed[proxy.Down] > l.before.Passed[proxy.Down] || !l.running()
	})
	if err != nil {
		return "", fmt.Errorf("nothing passes between %v and the other side: %w", l.gateways, err)
	}
	now := l.counters()
	return fmt.Sprintf("%d bytes up and %d down have passed again",
		now.Passed[proxy.Up]-l.before.Passed[proxy.Up], now.Passed[proxy.Down]-l.before.Passed[proxy.Down]), nil
}

// running reports whether one of the gateways runs.
func (l *links) running() bool {
	for _, gw := range l.gateways {
		if l.fleet.Node(gw).Running() {
			return true
		}
	}
	return false
}

// stall stops bytes in some directions, or loses them.
type stall struct {
	links
	state proxy.State
}

func newStall(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	s := &stall{links: hubLinks(f, targets)}
	if e.Params.Direction != proxy.Down.String() {
		s.state.Up = proxy.Stall
	}
	if e.Params.Direction != proxy.Up.String() {
		s.state.Down = proxy.Stall
	}
	return s
}

func newBlackhole(f *fleet.Fleet, _ plan.Entry, targets []string) Fault {
	return &stall{links: hubLinks(f, targets), state: proxy.State{Up: proxy.Discard, Down: proxy.Discard}}
}

func newDeviceCut(f *fleet.Fleet, _ plan.Entry, targets []string) Fault {
	return &stall{links: deviceLinks(f, targets), state: proxy.State{Up: proxy.Stall, Down: proxy.Stall}}
}

func (s *stall) Apply(context.Context) error { return s.set(s.state) }

// Confirm waits until something wanted to pass, and checks that nothing has. A gateway whose connection was broken before has
// nothing to send: then it is a new one that waits.
func (s *stall) Confirm(ctx context.Context) (string, error) {
	kept := func(d proxy.Direction) int64 {
		now := s.counters()
		return now.Held[d] - s.before.Held[d] + now.Lost[d] - s.before.Lost[d]
	}
	stopped := func(d proxy.Direction) bool {
		return d == proxy.Up && s.state.Up != proxy.Pass || d == proxy.Down && s.state.Down != proxy.Pass
	}
	waited := func() int64 { return s.counters().Waited - s.before.Waited }
	err := until(ctx, func() bool {
		return stopped(proxy.Up) && kept(proxy.Up) > 0 || stopped(proxy.Down) && kept(proxy.Down) > 0 || waited() > 0
	})
	if err != nil {
		return "", fmt.Errorf("nothing wanted to pass: %w", err)
	}
	var evidence []string
	for _, d := range []proxy.Direction{proxy.Up, proxy.Down} {
		passed := s.counters().Passed[d] - s.before.Passed[d]
		switch {
		case stopped(d) && passed > 0:
			return "", fmt.Errorf("%d bytes passed %v", passed, d)
		case stopped(d):
			evidence = append(evidence, fmt.Sprintf("%v: 0 bytes passed, %d were kept", d, kept(d)))
		default:
			evidence = append(evidence, fmt.Sprintf("%v: %d bytes passed", d, passed))
		}
	}
	if n := waited(); n > 0 {
		evidence = append(evidence, fmt.Sprintf("%d new connections waited", n))
	}
	return strings.Join(evidence, ", "), nil
}

// refuse resets what is there and what comes.
type refuse struct{ links }

func newRefuse(f *fleet.Fleet, _ plan.Entry, targets []string) Fault {
	return &refuse{hubLinks(f, targets)}
}

func (r *refuse) Apply(context.Context) error {
	before := r.counters()
	if err := r.set(proxy.State{Door: proxy.Refuse}); err != nil {
		return err
	}
	r.before = before
	for _, link := range r.all {
		link.Reset()
	}
	return nil
}

func (r *refuse) Confirm(ctx context.Context) (string, error) {
	var now proxy.Counters
	err := until(ctx, func() bool {
		now = r.counters()
		return now.Resets > r.before.Resets || now.Refused > r.before.Refused
	})
	if err != nil {
		return "", fmt.Errorf("no connection was there to be reset: %w", err)
	}
	return fmt.Sprintf("%d connections reset, %d refused", now.Resets-r.before.Resets, now.Refused-r.before.Refused), nil
}

// delay makes the way slow.
type delay struct {
	links
	state proxy.State
}

func newDelay(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	return &delay{hubLinks(f, targets), proxy.State{Delay: e.Params.Delay.Std(), Jitter: e.Params.Jitter.Std()}}
}

func (d *delay) Down() []string { return nil }

func (d *delay) Apply(context.Context) error { return d.set(d.state) }

// Confirm dials as a gateway would, and measures how long it takes until the hub has said a word.
func (d *delay) Confirm(ctx context.Context) (string, error) {
	address := d.fleet.WayAddress(d.gateways[0])
	began := time.Now()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }() // it was only read
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetReadDeadline(deadline)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return "", fmt.Errorf("the hub says nothing: %w", err)
	}
	took := time.Since(began)
	if took < d.state.Delay {
		return "", fmt.Errorf("a word of the hub took %v, not %v", took, d.state.Delay)
	}
	return fmt.Sprintf("a word of the hub took %v", took.Round(time.Millisecond)), nil
}
