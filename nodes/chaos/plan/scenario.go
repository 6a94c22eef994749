package plan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kinds of faults.
const (
	Kill       = "kill"        // SIGKILL; heals by a new start on the same folder
	Stop       = "stop"        // asked to end in order; heals by a new start
	Pause      = "pause"       // SIGSTOP; heals by SIGCONT
	Stall      = "stall"       // the way to the hub stands still, and comes back whole
	Blackhole  = "blackhole"   // what is sent is lost, and the connection is reset when it comes back
	Refuse     = "refuse"      // connections are reset, and so are new ones
	Delay      = "delay"       // the way to the hub is slow
	AckLost    = "ack-lost"    // after the k-th request, nothing comes back; then a reset
	Cut        = "cut"         // after the k-th byte or message, a reset
	Behave     = "behave"      // a device misbehaves
	HubKill    = "hub-kill"    // SIGKILL of hubs; heals by a new start
	HubPause   = "hub-pause"   // SIGSTOP of hubs
	DeviceCut  = "device-cut"  // the way to the hardware stands still
	Outage     = "outage"      // gateways have no hub for long, and do not know what it has of theirs
	Together   = "together"    // SIGKILL of a gateway and of the hub that leads, at once
	Upgrade    = "upgrade"     // gateways end in order, and another program takes their place
	HubUpgrade = "hub-upgrade" // hubs do
	Clone      = "clone"       // a second gateway has the id of a first
	Panic      = "panic"       // a device's actor panics, again and again
	Hang       = "hang"        // a driver does not return when it is used for a device
	Clock      = "clock"       // a gateway's wall clock is set, or goes wrong
)

// Scenario is a way to break a fleet, by name.
type Scenario struct {
	Name string
	// About says in one line what it does.
	About string
	// Missing is why it cannot be run; empty: it can.
	Missing string
	// Faults that it cannot do without, of those that not every machine can do.
	Faults []string

	adjust func(*Settings)
	draw   func(*draft)
}

// ErrUnknown: there is no scenario of that name.
var ErrUnknown = errors.New("unknown scenario")

// ErrUnavailable: the scenario cannot be run.
var ErrUnavailable = errors.New("scenario is not available")

// ErrUnfit: the settings have something that the scenario has no use for.
var ErrUnfit = errors.New("the settings do not fit the scenario")

// Find returns a scenario.
func Find(name string) (Scenario, error) {
	var names []string
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("%w %q: there are %s", ErrUnknown, name, strings.Join(names, ", "))
}

// Adjust changes the settings to those that the scenario needs or is best with. What a user asks for comes
// after that.
func (s Scenario) Adjust(settings Settings) Settings {
	if s.adjust != nil {
		s.adjust(&settings)
	}
	return settings
}

// Plan draws what the scenario does under a seed.
func (s Scenario) Plan(seed uint64, settings Settings) (*Plan, error) {
	if s.Missing != "" {
		return nil, fmt.Errorf("%w: %s: %s", ErrUnavailable, s.Name, s.Missing)
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	d := &draft{Settings: settings, Rand: Stream(seed, "plan")}
	if s.draw != nil {
		s.draw(d)
	}
	switch {
	case len(settings.Targets) > 0 && !d.aims:
		return nil, fmt.Errorf("%w: %s decides itself what it hits, so targets must be empty", ErrUnfit, s.Name)
	case settings.Interval > 0 && !d.paced:
		return nil, fmt.Errorf("%w: %s has no row of faults, so interval must be empty", ErrUnfit, s.Name)
	}
	slices.SortStableFunc(d.entries, func(a, b Entry) int { return int(a.At - b.At) })
	for i := range d.entries {
		d.entries[i].ID = fmt.Sprintf("f%d", i+1)
	}
	return &Plan{Version: Version, Scenario: s.Name, Seed: seed, Settings: settings, Entries: d.entries}, nil
}

// draft is a plan that is being drawn.
type draft struct {
	Settings
	*rand.Rand
	entries []Entry
	// aims: there were faults that Targets decides about; paced: there were rows that Interval does.
	aims, paced bool
}

// leases returns a time of that many leases.
func (d *draft) leases(n float64) time.Duration { return time.Duration(n * float64(d.Lease)) }

// device returns the id of some device.
func (d *draft) device() string { return d.Device(1 + d.IntN(d.Devices)) }

// owner returns the target that is the owner of some device, unless the settings say what is hit.
func (d *draft) owner() string { return d.aimed(Owner(d.device())) }

// gateway returns a target that is one gateway, unless the settings say what is hit.
func (d *draft) gateway() string {
	return d.aimed(pick(d.Rand, []string{TargetAny, Owner(d.device())}))
}

// aimed returns a target that the settings ask for, or the scenario's own if they ask for none.
func (d *draft) aimed(own string) string {
	d.aims = true
	if len(d.Targets) == 0 {
		return own
	}
	switch word := pick(d.Rand, d.Targets); word {
	case "owner":
		return Owner(d.device())
	case "one":
		return TargetAny
	default:
		return word
	}
}

// row draws faults one after the other, as many as there is time for: one, until it ends, and a gap, which is what the
// settings ask for if they do. make may leave At out.
func (d *draft) row(least, most time.Duration, make func(i int) Entry) {
	d.paced = true
	if d.Interval > 0 {
		least, most = d.Interval.Std(), d.Interval.Std()
	}
	at := between(d.Rand, 500*time.Millisecond, 1500*time.Millisecond)
	for i := 0; ; i++ {
		e := make(i)
		if i > 0 && at+e.Hold.Std() > d.Duration.Std() {
			return
		}
		e.At = Duration(at.Round(time.Millisecond))
		d.entries = append(d.entries, e)
		at += e.Hold.Std() + d.healing(e) + between(d.Rand, least, most)
	}
}

// healing is how long it takes until what a fault has ended is there again.
func (d *draft) healing(e Entry) time.Duration {
	switch {
	case (e.Fault == HubKill || e.Fault == HubPowerCut) && d.Hubs > 1:
		return 6 * time.Second // they have to elect a leader
	case e.Fault == Panic, e.Fault == Hang:
		return 6 * time.Second // the delay before its restart has grown
	case e.Fault == Outage:
		return 6 * time.Second // it begins when so much was written, and hubs start before it ends
	case e.Fault == Together, e.Fault == HubUpgrade:
		return 6 * time.Second // and so have those that are left
	case e.Fault == Clone && e.Params.While == WhileStill:
		return 6 * time.Second // the clone has to wait for the lease of the first
	case e.Fault == Kill, e.Fault == Stop, e.Fault == HubKill, e.Fault == PowerCut, e.Fault == HubPowerCut, e.Fault == DiskDead:
		return 500 * time.Millisecond
	}
	return 0
}

// hold draws how long a fault lasts.
func (d *draft) hold(least, most time.Duration) Duration {
	return Duration(between(d.Rand, least, most))
}
