package cluster

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster/durable"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// snapshotPause is how long changes of the registry are gathered before it is stored again.
const snapshotPause = 250 * time.Millisecond

// registrar keeps the stored registry up to date while the control stream is followed. One goroutine runs it.
type registrar struct {
	edge    *Edge
	picture *Picture
	labels  map[string]string
	run     func() string // the present incarnation
	log     *slog.Logger
	mine    map[string]bool // the buses that only this gateway can reach
	last    *roostv1.RegistrySnapshot
	looked  bool // at all that there is
	failing bool
}

func newRegistrar(g *Gateway) *registrar {
	return &registrar{
		edge: g.config.Edge, picture: g.picture, labels: g.config.Labels, run: g.Incarnation, log: g.log,
		mine: map[string]bool{}, last: g.config.Edge.kept,
	}
}

// keep stores the registry as it changes, until ctx ends, and then once more.
func (r *registrar) keep(ctx context.Context) error {
	changes := r.picture.Watch(KindBus, KindProfile)
	defer changes.Close()
	if r.picture.Wait(ctx, 0) != nil {
		return nil
	}
	again := false
	for {
		if !again {
			select {
			case <-changes.Ready():
			case <-ctx.Done():
				return nil
			}
		}
		timer := time.NewTimer(snapshotPause)
		select {
		case <-timer.C:
		case <-ctx.Done(): // what changed a moment ago is stored as well
			timer.Stop()
		}
		again = r.look(changes.Take(), again) != nil && ctx.Err() == nil
	}
}

// look stores the registry if changes concern what is stored. The error says that it could not.
func (r *registrar) look(keys []Key, again bool) error {
	touched := again || !r.looked
	r.looked = true
	for _, key := range keys {
		if key.Kind != KindBus {
			touched = touched || slices.ContainsFunc(r.last.GetProfiles(), func(p *roostv1.Profile) bool { return p.Id == key.ID })
			continue
		}
		was := r.mine[key.ID]
		delete(r.mine, key.ID)
		if r.picture.attachedTo(key.ID, r.edge.gateway, r.labels) {
			r.mine[key.ID] = true
		}
		touched = touched || was || r.mine[key.ID]
	}
	if !touched {
		return nil
	}
	s := r.picture.snapshot(r.mine, r.edge.gateway, r.last)
	if s == nil {
		return errListing
	}
	if len(s.Devices) == 0 && r.last == nil {
		return nil
	}
	s.Fleet, s.GatewayId, s.SavedBy = r.edge.fleet, r.edge.gateway, r.run()
	if r.last != nil && sameRegistry(s, r.last) {
		return nil
	}
	if err := r.edge.store(s); err != nil {
		if !r.failing {
			r.log.Error("the registry cannot be stored: without the hub this gateway starts with what it stored before", "error", err)
		}
		r.failing = true
		return err
	}
	r.last, r.failing = s, false
	r.log.Debug("registry stored", "revision", s.Revision, "devices", len(s.Devices))
	return nil
}

// errListing says that the picture is not whole at present.
var errListing = roostv1.Errorf(roostv1.ErrUnavailable, "the control stream is being listed")

// sameRegistry reports whether two copies say the same, whenever they were made.
func sameRegistry(a, b *roostv1.RegistrySnapshot) bool {
	a = proto.CloneOf(a)
	a.Revision, a.SavedBy = b.Revision, b.SavedBy
	return proto.Equal(a, b)
}

// store replaces the stored registry.
func (e *Edge) store(s *roostv1.RegistrySnapshot) error {
	if err := replaceSealed(e.registryFile(), s); err != nil {
		return err
	}
	failpoint("snapshot.before-sync", "")
	if err := durable.SyncFolder(e.folder); err != nil {
		return err
	}
	e.revision.Store(s.Revision)
	return nil
}

// attachedTo reports whether a gateway with these labels is the only one that can reach a bus.
func (p *Picture) attachedTo(bus, gateway string, labels map[string]string) bool {
	_, demand := p.Demand(bus)
	only, attached := demand.Attached()
	return attached && only == gateway && demand.Met(gateway, labels)
}

// snapshot returns what the picture has of some buses, all of one moment; nil if it has not been filled. An epoch that
// it does not have is that of the copy before.
func (p *Picture) snapshot(buses map[string]bool, gateway string, before *roostv1.RegistrySnapshot) *roostv1.RegistrySnapshot {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.listed {
		return nil
	}
	s := &roostv1.RegistrySnapshot{StreamCreated: timestamppb.New(p.created), Revision: p.passed, Epochs: map[string]uint64{}}
	same := before.GetStreamCreated().AsTime().Equal(p.created)
	profiles := map[string]*roostv1.Profile{}
	for id := range buses {
		b := p.buses[id]
		if b == nil {
			continue
		}
		if b.value.Gateway == gateway {
			s.Epochs[id] = b.value.Epoch
		} else if epoch := before.GetEpochs()[id]; epoch > 0 && same {
			s.Epochs[id] = epoch
		}
		for _, d := range b.devices {
			if d.retired {
				continue
			}
			s.Devices = append(s.Devices, decodeDevice(d.value))
			if r := p.profiles[d.profile]; r != nil {
				profiles[d.profile] = r.value
			}
			if r := p.desired[d.id]; r != nil {
				desired := &roostv1.Desired{}
				_ = proto.Unmarshal(r.value, desired) // it was encoded here
				s.Desired = append(s.Desired, desired)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(profiles)) {
		s.Profiles = append(s.Profiles, profiles[id])
	}
	slices.SortFunc(s.Devices, func(a, b *roostv1.DeviceSpec) int { return cmp.Compare(a.Id, b.Id) })
	slices.SortFunc(s.Desired, func(a, b *roostv1.Desired) int { return cmp.Compare(a.DeviceId, b.DeviceId) })
	return s
}

// restore puts a stored registry into a picture that has nothing yet. It stands before everything in the stream: what
// the first listing has takes its place, and what that does not have is gone.
func (p *Picture) restore(s *roostv1.RegistrySnapshot) []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.created, p.streams = s.GetStreamCreated().AsTime(), 1
	var flaws []error
	put := func(kind Kind, id string, m proto.Message) {
		data, err := proto.Marshal(m)
		if err == nil {
			err = p.takeLocked(Key{kind, id}, place{}, message{data: data})
		}
		if err != nil {
			flaws = append(flaws, err)
		}
	}
	for _, profile := range s.Profiles {
		put(KindProfile, profile.GetId(), profile)
	}
	for _, d := range s.Devices {
		put(KindDevice, d.GetId(), d)
	}
	for _, d := range s.Desired {
		put(KindDesired, d.GetDeviceId(), d)
	}
	return flaws
}
