package cluster

import (
	"cmp"
	"context"
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
// One goroutine hands commands, beside custody, so that they do not stand behind buses that are claimed; custody
// tells it which buses are served.
type desk struct {
	picture *Picture
	host    Host

	mu     sync.Mutex
	buses  map[string]*served
	of     map[string]*served // by device
	fresh  []string           // buses to be looked at
	change chan struct{}      // holds a token when fresh is not empty
}

// served is a bus that the Host has.
type served struct {
	bus    string
	epoch  uint64
	stream uint64            // which stream the sequences are of
	told   map[string]uint64 // by device that it has, or had under the epoch: the sequence up to which it has been told
}

func newDesk(picture *Picture, host Host) *desk {
	return &desk{picture: picture, host: host, buses: map[string]*served{}, of: map[string]*served{}, change: make(chan struct{}, 1)}
}

// assigned notes that the Host serves a bus, with exactly these devices.
func (d *desk) assigned(a *roostv1.Assignment) {
	stream := d.picture.generation()
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.buses[a.Bus]
	d.forgetLocked(a.Bus)
	s := &served{bus: a.Bus, epoch: a.Epoch, stream: stream}
	if was != nil && was.epoch == a.Epoch && was.stream == stream {
		s.told = was.told // also of devices that are not served any more: they may come back
	} else {
		s.told = make(map[string]uint64, len(a.Devices))
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
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetLocked(bus)
}

func (d *desk) forgetLocked(bus string) {
	s := d.buses[bus]
	if s == nil {
		return
	}
	delete(d.buses, bus)
	for device := range s.told {
		if d.of[device] == s {
			delete(d.of, device)
		}
	}
}

// serves reports whether the Host has a device, under an epoch.
func (d *desk) serves(device string, epoch uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.of[device]
	return s != nil && s.epoch == epoch
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
	epoch, fresh := d.take(bus, devices)
	if len(fresh) == 0 {
		return
	}
	slices.SortFunc(fresh, func(a, b rawOpen) int { return cmp.Compare(a.order, b.order) })
	d.host.Commands(bus, epoch, decodeOpen(fresh))
}

// take returns what is new of some devices of a bus, and notes it as told.
func (d *desk) take(bus string, devices []string) (epoch uint64, fresh []rawOpen) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.buses[bus]
	if s == nil {
		return 0, nil
	}
	if devices == nil {
		for device := range s.told {
			fresh = append(fresh, d.takeLocked(s, device)...)
		}
	}
	for _, device := range devices {
		fresh = append(fresh, d.takeLocked(s, device)...)
	}
	return s.epoch, fresh
}

func (d *desk) takeLocked(s *served, device string) []rawOpen {
	if d.of[device] != s {
		return nil
	}
	told := s.told[device]
	fresh, passed := d.picture.openAfter(device, told)
	s.told[device] = max(told, passed)
	return fresh
}
