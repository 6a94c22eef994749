package actors

import (
	"slices"
	"sync"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A model is a profile made ready for use, shared by all its devices.
type model struct {
	profile *roostv1.Profile
	index   map[string]int      // of a resource, by its name
	watched []*roostv1.Resource // readable ones with a max_staleness
	mu      sync.Mutex          // guards groups
	groups  map[time.Duration][]pollGroup
}

func newModel(p *roostv1.Profile) *model {
	m := &model{profile: p, index: make(map[string]int, len(p.Resources)), groups: make(map[time.Duration][]pollGroup)}
	for i, r := range p.Resources {
		m.index[r.Name] = i
		if r.Readable() && r.MaxStaleness.AsDuration() > 0 {
			m.watched = append(m.watched, r)
		}
	}
	return m
}

// resource returns the named resource and its index; nil if the profile has none.
func (m *model) resource(name string) (*roostv1.Resource, int) {
	i, ok := m.index[name]
	if !ok {
		return nil, -1
	}
	return m.profile.Resources[i], i
}

// pollGroups returns the readable resources by poll interval, as the specification
// and the profile say. The result is shared by the devices with the same interval.
func (m *model) pollGroups(spec *roostv1.DeviceSpec) []pollGroup {
	interval := spec.PollEvery(nil)
	m.mu.Lock()
	defer m.mu.Unlock()
	groups, ok := m.groups[interval]
	if !ok {
		groups = m.newGroups(spec)
		m.groups[interval] = groups
	}
	return groups
}

func (m *model) newGroups(spec *roostv1.DeviceSpec) []pollGroup {
	groups := []pollGroup{} // in the order of the profile
	byInterval := make(map[time.Duration]int)
	for _, r := range m.profile.Resources {
		if !r.Readable() {
			continue
		}
		every := spec.PollEvery(r)
		i, ok := byInterval[every]
		if !ok {
			i = len(groups)
			byInterval[every] = i
			groups = append(groups, pollGroup{interval: every})
		}
		groups[i].resources = append(groups[i].resources, r.Name)
	}
	return groups
}

// readable reports whether any resource can be read.
func (m *model) readable() bool {
	return slices.ContainsFunc(m.profile.Resources, (*roostv1.Resource).Readable)
}

// commandable reports whether the device can be told anything.
func (m *model) commandable() bool {
	return len(m.profile.Commands) > 0 || slices.ContainsFunc(m.profile.Resources, (*roostv1.Resource).Writable)
}
