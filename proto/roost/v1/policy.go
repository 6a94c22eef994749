package roostv1

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
)

// Bounds of the durations that a specification or a command may name. What is
// longer is a slip of the pen, and would only be noticed when it matters.
const (
	// MaxInterval bounds what repeats or expires: polls, heartbeats, expiries.
	MaxInterval = 30 * 24 * time.Hour
	// MaxTimeout bounds what somebody waits for: opening, polling, executing.
	MaxTimeout = 24 * time.Hour
	// MinInterval is the shortest poll interval.
	MinInterval = time.Millisecond
)

// Bounds of the queues that a specification may ask for.
const (
	maxQueue  = 1 << 16
	maxOutbox = 1 << 20
)

// DefaultTimeout is how long a command may take if neither its sender nor the
// profile says.
const DefaultTimeout = 5 * time.Second

// Supervision is a SupervisionPolicy with its defaults filled in.
type Supervision struct {
	BaseDelay     time.Duration // upper bound of the first restart's delay; at most MaxDelay
	MaxDelay      time.Duration // upper bound of every restart's delay
	Decay         time.Duration // the failure count halves over each span of it
	MaxFailures   int           // a count above it ends in quarantine
	ProbeInterval time.Duration // between the probes of a device in quarantine
	FailedPolls   int           // in a row, before the device is restarted
	StaleAfter    time.Duration // 0: see StaleLimit
	OpenTimeout   time.Duration
	PollTimeout   time.Duration
}

// Resolve returns the policy with the documented defaults in place of what is
// unset, or senseless in a policy that was not validated. It takes nil for the
// policy that says nothing.
func (x *SupervisionPolicy) Resolve() Supervision {
	s := Supervision{
		BaseDelay:     span(x.GetBaseDelay(), 500*time.Millisecond, MaxInterval),
		MaxDelay:      span(x.GetMaxDelay(), 30*time.Second, MaxInterval),
		Decay:         span(x.GetDecay(), time.Minute, MaxInterval),
		MaxFailures:   count(x.GetMaxFailures(), 8),
		ProbeInterval: span(x.GetProbeInterval(), time.Minute, MaxInterval),
		FailedPolls:   count(x.GetFailedPolls(), 3),
		StaleAfter:    span(x.GetStaleAfter(), 0, MaxInterval),
		OpenTimeout:   span(x.GetOpenTimeout(), 10*time.Second, MaxTimeout),
		PollTimeout:   span(x.GetPollTimeout(), 5*time.Second, MaxTimeout),
	}
	s.BaseDelay = min(s.BaseDelay, s.MaxDelay)
	return s
}

// StaleLimit returns how long the device may give no good sample, if the longest
// of its poll intervals is longest: what the policy says, else three intervals and at
// least 10 s. 0 means that it is never stale, as a device that is not polled
// (longest is 0) and says nothing of it.
func (s Supervision) StaleLimit(longest time.Duration) time.Duration {
	switch {
	case s.StaleAfter > 0:
		return s.StaleAfter
	case longest <= 0:
		return 0
	default:
		return max(3*min(longest, MaxInterval), 10*time.Second)
	}
}

// CommandBounds is a CommandPolicy with its defaults filled in.
type CommandBounds struct {
	QueueLimit    int           // commands waiting; one more is refused with BUSY
	DefaultExpiry time.Duration // of a command that names none
}

// Resolve returns the policy with its defaults filled in, as that of
// SupervisionPolicy does.
func (x *CommandPolicy) Resolve() CommandBounds {
	return CommandBounds{
		QueueLimit:    min(count(x.GetQueueLimit(), 64), maxQueue),
		DefaultExpiry: span(x.GetDefaultExpiry(), 30*time.Second, MaxInterval),
	}
}

// BusID returns the bus that the device is on: the one it names, or its own id.
func (x *DeviceSpec) BusID() string {
	if bus := x.GetBus(); bus != "" {
		return bus
	}
	return x.GetId()
}

// Attached reports whether the device names exactly one gateway, and so keeps
// running there whatever happens to the hub.
func (x *DeviceSpec) Attached() bool { return len(x.GetPlacement().GetGateways()) == 1 }

// PollEvery returns how often the device's resource is polled: as the resource
// says, else as the device says, else every 5 s.
func (x *DeviceSpec) PollEvery(r *Resource) time.Duration {
	device := span(x.GetPollInterval(), 5*time.Second, MaxInterval)
	return max(span(r.GetPollInterval(), device, MaxInterval), MinInterval)
}

// OutboxSize returns how many readings are kept in memory until they are stored.
func (x *DeviceSpec) OutboxSize() int { return min(count(x.GetOutboxLimit(), 4096), maxOutbox) }

// span returns d, or unset where d says nothing that makes sense, and at most most.
func span(d *durationpb.Duration, unset, most time.Duration) time.Duration {
	if d == nil || d.AsDuration() <= 0 {
		return unset
	}
	return min(d.AsDuration(), most)
}

func count(n uint32, unset int) int {
	if n == 0 {
		return unset
	}
	return int(n)
}
