package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Modes of devices.
const (
	ModeDumb      = "dumb"      // obeys whoever speaks
	ModeFenced    = "fenced"    // refuses an epoch older than the last
	ModeExclusive = "exclusive" // one session at a time
)

// Ways in which gateways reach the hub.
const (
	NetProxy      = "proxy" // on loopback, through proxies
	NetNamespaces = "netns" // from a network namespace of its own each, to the proxies
)

// Settings say what the fleet of a run is like, and for how long what is done to it.
type Settings struct {
	Hubs     int `json:"hubs"` // 1 or 3
	Gateways int `json:"gateways"`
	Devices  int `json:"devices"`
	// Mode of the devices: dumb, fenced or exclusive.
	Mode string `json:"mode"`
	// Lease of the gateways, and Period at which devices are polled.
	Lease  Duration `json:"lease"`
	Period Duration `json:"period"`
	// Clients send commands, Rate a second all together.
	Clients int     `json:"clients"`
	Rate    float64 `json:"rate"`
	// The phases of a run: before the faults, the faults, and what may pass after them until all must be as it was.
	Quiet    Duration `json:"quiet"`
	Duration Duration `json:"duration"`
	Liveness Duration `json:"liveness"`
	// Attached is how many of the devices, the last ones, are each reached by one gateway alone.
	Attached int `json:"attached,omitempty"`
	// UpgradeTo is the path of the program that replaces others; empty: the same one.
	UpgradeTo string `json:"upgradeTo,omitempty"`
	// Net is what gateways reach the hub through: proxies, or a network of their own each besides. Empty: proxies.
	Net string `json:"net,omitempty"`

	// MaxFailover is how long a device may be without an owner while it could be served; 0: as long as the gateways promise,
	// which is the lease and one second.
	MaxFailover Duration `json:"maxFailover,omitzero"`
	// Interval from the end of a fault to the next one of its row; 0: the seed draws it, about two leases.
	Interval Duration `json:"interval,omitzero"`
	// Targets of faults of gateways, of which the seed draws one each time: owner, one, minority, majority, all; empty:
	// those of the scenario.
	Targets []string `json:"targets,omitempty"`
	// Idle is after how long without a word the hardware closes a connection; 0: after its own two seconds.
	Idle Duration `json:"idle,omitzero"`
}

// Defaults are settings that two processors carry.
func Defaults() Settings {
	return Settings{
		Hubs: 1, Gateways: 3, Devices: 30, Mode: ModeDumb,
		Lease: Duration(2 * time.Second), Period: Duration(500 * time.Millisecond),
		Clients: 4, Rate: 40,
		Quiet: Duration(5 * time.Second), Duration: Duration(time.Minute), Liveness: Duration(10 * time.Second),
	}
}

// Validate says what makes no sense.
func (s Settings) Validate() error {
	for _, n := range []struct {
		name         string
		is, from, to int
	}{
		{"gateways", s.Gateways, 1, 50}, {"devices", s.Devices, 1, 10_000}, {"clients", s.Clients, 0, 1000},
		{"attached", s.Attached, 0, s.Devices},
	} {
		if n.is < n.from || n.is > n.to {
			return fmt.Errorf("%s is %d, and not from %d to %d", n.name, n.is, n.from, n.to)
		}
	}
	switch {
	case s.Hubs != 1 && s.Hubs != 3:
		return fmt.Errorf("hubs is %d, and not 1 or 3", s.Hubs)
	case s.Mode != ModeDumb && s.Mode != ModeFenced && s.Mode != ModeExclusive:
		return fmt.Errorf("mode is %q, and not %s, %s or %s", s.Mode, ModeDumb, ModeFenced, ModeExclusive)
	case s.Net != "" && s.Net != NetProxy && s.Net != NetNamespaces:
		return fmt.Errorf("net is %q, and not %s or %s", s.Net, NetProxy, NetNamespaces)
	case !(s.Rate >= 0 && s.Rate <= 10_000):
		return fmt.Errorf("rate is %v, and not from 0 to 10000", s.Rate)
	}
	if err := s.validTargets(); err != nil {
		return err
	}
	if s.Idle < 0 || s.Idle.Std() > time.Hour {
		return fmt.Errorf("idle is %v, and not from 0s to 1h0m0s", s.Idle)
	}
	for _, d := range []struct {
		name     string
		is       Duration
		from, to time.Duration
	}{
		{"lease", s.Lease, 200 * time.Millisecond, time.Minute}, {"period", s.Period, 10 * time.Millisecond, time.Minute},
		{"quiet", s.Quiet, time.Second, time.Hour}, {"duration", s.Duration, time.Second, 24 * time.Hour}, {"liveness", s.Liveness, time.Second, time.Hour},
		{"max failover", s.MaxFailover, 0, time.Hour}, {"interval", s.Interval, 0, time.Hour},
	} {
		if d.is.Std() < d.from || d.is.Std() > d.to {
			return fmt.Errorf("%s is %v, and not from %v to %v", d.name, d.is, d.from, d.to)
		}
	}
	return nil
}

// Words for targets of faults of gateways.
var targetWords = []string{"owner", "one", TargetMinority, TargetMajority, TargetAll}

func (s Settings) validTargets() error {
	for _, t := range s.Targets {
		switch {
		case !slices.Contains(targetWords, t):
			return fmt.Errorf("targets has %q, and not %s", t, strings.Join(targetWords, ", "))
		case t == TargetMinority && s.Gateways < 3:
			return fmt.Errorf("targets has %s, and of %d gateways none are fewer than half", t, s.Gateways)
		}
	}
	return nil
}

// Device returns the id of the n-th device, from 1.
func (s Settings) Device(n int) string { return fmt.Sprintf("rig-%d", n) }

// AttachedTo returns the only gateway that reaches the n-th device, from 1; empty: all do.
func (s Settings) AttachedTo(n int) string {
	if n <= s.Devices-s.Attached {
		return ""
	}
	return s.Gateway(1 + (n-1)%s.Gateways)
}

// Gateway returns the id of the n-th gateway, from 1.
func (s Settings) Gateway(n int) string { return fmt.Sprintf("gw-%d", n) }

// Hub returns the name of the n-th hub, from 1.
func (s Settings) Hub(n int) string { return fmt.Sprintf("hub-%d", n) }

// Size tells how large the fleet is, for people.
func (s Settings) Size() string {
	return Count(s.Hubs, "hub") + ", " + Count(s.Gateways, "gateway") + ", " + Count(s.Devices, "device")
}

// Count writes how many there are of what one of is called so, for people.
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
