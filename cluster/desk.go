package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// desk hands the open commands of the devices that the Host serves to the Host: all of them when a bus is served
// under a new epoch, and later ones as they come, each once under an epoch, and again only when a cancellation for it
// came. So what was handed under an epoch may be forgotten by the picture and come back to it, as when a listing
// is of a server that is behind, and is not carried out twice.
//
// For that it keeps one number for each device: up to which sequence of the stream the Host has been told. What
// was accepted, or is to be cancelled, by a later record is new.
//
// Under an epoch each command is either the Host's, from when it was handed, or the sweeper's, from when it began to
// end it; see leaves. The fence of the bus does not keep the two apart, since both write under it.
//
// One goroutine hands commands, beside custody, so that they do not stand behind buses that are claimed; custody
// tells it which buses are served.
type desk struct {
	picture *Picture
	host    Host
	clock   *serviceClock
	edge    *Edge // of the commands that were taken here without the hub; nil: there are none

	handing sync.Mutex // held while commands are handed

	mu     sync.Mutex
	buses  map[string]*served
	of     map[string]*served // by device
	fresh  []string           // buses to be looked at
	change chan struct{}      // holds a token when fresh is not empty
}

// served is a bus that the Host has, or had under the last epoch.
type served struct {
	bus    string
	epoch  uint64
	stream uint64            // which stream the sequences are of
	told   map[string]uint64 // by device that it has, or had under the epoch: the sequence up to which it has been told
	swept  map[string]bool   // commands that the sweeper ends, by key
	local  map[string]bool   // commands taken here without the hub that the Host was handed, by key
	alone  bool              // it is served without the hub: what the hub has is not handed
	down   bool              // the Host is putting it down, or has
}

func newDesk(picture *Picture, host Host, clock *serviceClock, edge *Edge) *desk {
	return &desk{picture: picture, host: host, clock: clock, edge: edge, buses: map[string]*served{}, of: map[string]*served{}, change: make(chan struct{}, 1)}
}

// dismissing notes that the Host is about to serve a bus with these devices only. From now on it is handed nothing
// for others, which it would not know.
func (d *desk) dismissing(a *roostv1.Assignment) {
	d.handing.Lock()
	defer d.handing.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.buses[a.Bus]
	if s == nil {
		return
	}
	stay := make(map[string]bool, len(a.Devices))
	for _, device := range a.Devices {
		stay[device.Id] = true
	}
	for device := range s.told {
		if d.of[device] == s && !stay[device] {
			delete(d.of, device)
		}
	}
}

// assigned notes that the Host serves a bus, with exactly these devices.
func (d *desk) assigned(a *roostv1.Assignment) {
	stream := d.picture.generation()
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.buses[a.Bus]
	d.putDownLocked(a.Bus)
	s := &served{bus: a.Bus, epoch: a.Epoch, stream: stream, alone: d.clock.isAlone(a.Bus, a.Epoch), local: map[string]bool{}}
	if was != nil && was.epoch == a.Epoch && was.stream == stream {
		s.told, s.swept, s.local = was.told, was.swept, was.local // also of devices that are not served any more: they may come back
	} else {
		s.told, s.swept = make(map[string]uint64, len(a.Devices)), map[string]bool{}
	}
	for _, device := range a.Devices {
		if _, known := s.told[device.Id]; !known {
			s.told[device.Id] = 0
		}
		d.of[device.Id] = s
	}
	d.buses[a.Bus] = s
	d.fresh = append(d.fresh, a.Bus)
	select {
	case d.change <- struct{}{}:
	default:
	}
}

// withdrawn notes that the Host is about to put a bus down.
func (d *desk) withdrawn(bus string) {
	d.handing.Lock()
	defer d.handing.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.putDownLocked(bus)
}

// putDownLocked lets nothing more be handed for a bus. What was handed stays the Host's as long as the epoch lasts.
func (d *desk) putDownLocked(bus string) {
	s := d.buses[bus]
	if s == nil {
		return
	}
	s.down = true
	for device := range s.told {
		if d.of[device] == s {
			delete(d.of, device)
		}
	}
}

// leaves reports whether a command of a bus that this gateway owns under the epoch is the sweeper's to end: the Host
// has the bus, was not handed the command, does not have its device, and will not be handed the command under
// this epoch from now on. What it was handed it may be at work on, also while it puts the bus down, or the device.
func (d *desk) leaves(bus string, epoch uint64, device, key string, order uint64) bool {
	stream := d.picture.generation()
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.buses[bus]
	switch {
	case s == nil || s.epoch != epoch || s.stream != stream: // it is about to be given it
		return false
	case s.swept[key]:
		return true
	case d.of[device] == s || order <= s.told[device]:
		return false
	}
	s.swept[key] = true
	return true
}

// forget forgets the buses that were put down, and of which there is a later owner.
func (d *desk) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for bus, s := range d.buses {
		if s.down && d.picture.Owner(bus).Epoch > s.epoch {
			delete(d.buses, bus)
		}
	}
}

// run hands commands until ctx ends.
func (d *desk) run(ctx context.Context) error {
	changes := d.picture.Watch(KindCommand)
	defer changes.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changes.Ready():
			d.handChanged(changes.Take())
		case <-d.change:
			d.handFresh()
		}
	}
}

// handChanged hands what is new of the devices whose commands changed.
func (d *desk) handChanged(keys []Key) {
	devices := make(map[string]bool, len(keys))
	for _, key := range keys {
		device, _ := splitCommandKey(key.ID)
		devices[device] = true
	}
	byBus := map[string][]string{}
	d.mu.Lock()
	for device := range devices {
		if s := d.of[device]; s != nil {
			byBus[s.bus] = append(byBus[s.bus], device)
		}
	}
	d.mu.Unlock()
	for bus, devices := range byBus {
		d.hand(bus, devices)
	}
}

// handFresh hands what is new of the buses that were assigned.
func (d *desk) handFresh() {
	d.mu.Lock()
	fresh := d.fresh
	d.fresh = nil
	d.mu.Unlock()
	for _, bus := range fresh {
		d.hand(bus, nil)
	}
}

// hand hands what is new of some devices of a bus, of all if none is named.
func (d *desk) hand(bus string, devices []string) {
	d.handing.Lock()
	defer d.handing.Unlock()
	epoch, fresh, local := d.take(bus, devices)
	if len(fresh)+len(local) == 0 {
		return
	}
	slices.SortFunc(fresh, func(a, b rawOpen) int { return cmp.Compare(a.order, b.order) })
	d.host.Commands(bus, epoch, append(local, decodeOpen(fresh)...))
}

// take returns what is new of some devices of a bus, and notes it as told.
func (d *desk) take(bus string, devices []string) (epoch uint64, fresh []rawOpen, local []*roostv1.OpenCommand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.buses[bus]
	if s == nil || s.down {
		return 0, nil, nil
	}
	if devices == nil {
		devices = slices.Collect(maps.Keys(s.told))
	}
	for _, device := range devices {
		fresh = append(fresh, d.takeLocked(s, device)...)
		local = append(local, d.takeLocalLocked(s, device)...)
	}
	return s.epoch, fresh, local
}

// isOf reports whether a command is for the owner of that bus. One that was accepted when its device was on another
// bus is that one's owner's, who may be at work on it: nothing else keeps the two apart.
func (r rawOpen) isOf(bus string) bool { return r.bus == "" || r.bus == bus }

func (d *desk) takeLocked(s *served, device string) []rawOpen {
	if d.of[device] != s || s.alone {
		return nil
	}
	told := s.told[device]
	fresh, passed := d.picture.openAfter(device, told)
	fresh, passed = d.beforeLocal(fresh, passed)
	s.told[device] = max(told, passed)
	return slices.DeleteFunc(fresh, func(r rawOpen) bool { return s.swept[r.key] || !r.isOf(s.bus) })
}
