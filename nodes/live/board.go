package live

import (
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxEvents is how many of the last events are kept for the eyes.
const maxEvents = 100

// Board is what is shown: the devices, the last that was read from each, and what happened.
type Board struct {
	mu       sync.Mutex
	devices  []*roostv1.DeviceStatus // in the order of their ids
	profiles map[string]*roostv1.Profile
	values   map[string]map[string]reading // by device and resource
	last     map[string]*roostv1.Event     // of each device
	events   []*roostv1.Event              // the newest last
	problem  error                         // why the devices are not known at present
	asked    time.Time                     // when the devices were last known
}

// reading is the last value of a resource.
type reading struct {
	epoch, sequence uint64
	value           *roostv1.Value // nil: it could not be read
}

// NewBoard returns a board with nothing on it.
func NewBoard() *Board {
	return &Board{
		profiles: map[string]*roostv1.Profile{},
		values:   map[string]map[string]reading{},
		last:     map[string]*roostv1.Event{},
	}
}

// Devices puts the devices up, which are kept, in the place of those before.
func (b *Board) Devices(devices []*roostv1.DeviceStatus, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.devices, b.asked, b.problem = devices, now, nil
	present := make(map[string]bool, len(devices))
	for _, d := range devices {
		present[d.DeviceId] = true
	}
	gone := func(id string) bool { return !present[id] }
	maps.DeleteFunc(b.values, func(id string, _ map[string]reading) bool { return gone(id) })
	maps.DeleteFunc(b.last, func(id string, _ *roostv1.Event) bool { return gone(id) })
}

// Problem says that the devices are not known at present, and why.
func (b *Board) Problem(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problem = err
}

// Missing returns the profiles of devices on the board that it has not been given, with a device
// that has each.
func (b *Board) Missing() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing := map[string]string{}
	for _, d := range b.devices {
		if _, known := b.profiles[d.Profile]; !known {
			missing[d.Profile] = d.DeviceId
		}
	}
	return missing
}

// Profile gives the board a profile, which is kept; nil for one that there is not. It tells the
// order and the units of values.
func (b *Board) Profile(id string, p *roostv1.Profile) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.profiles[id] = p
}

// Batch takes in readings. What is older than what was taken in before is left out.
func (b *Board) Batch(batch *roostv1.ReadingBatch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	values := b.values[batch.DeviceId]
	if values == nil {
		values = map[string]reading{}
		b.values[batch.DeviceId] = values
	}
	for i, r := range batch.Readings {
		sequence := batch.FirstSequence + uint64(i)
		before := values[r.GetResource()]
		if batch.Epoch > before.epoch || batch.Epoch == before.epoch && sequence > before.sequence {
			values[r.GetResource()] = reading{batch.Epoch, sequence, r.GetValue()}
		}
	}
}

// Event takes in what happened. It is kept.
func (b *Board) Event(e *roostv1.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.GetDeviceId() != "" {
		b.last[e.DeviceId] = e
	}
	if e.GetKind() == roostv1.EventKind_EVENT_KIND_RESPECIFIED {
		clear(b.profiles) // one of them may be another one now
	}
	b.events = append(b.events, e)
	if len(b.events) > 2*maxEvents {
		b.events = slices.Clone(b.events[len(b.events)-maxEvents:])
	}
}

// Write takes in a line of a log, as an event of this program.
func (b *Board) Write(line []byte) (int, error) {
	b.Event(&roostv1.Event{At: timestamppb.Now(), Gateway: "log", Kind: roostv1.EventKind_EVENT_KIND_GATEWAY, Message: string(line)})
	return len(line), nil
}
