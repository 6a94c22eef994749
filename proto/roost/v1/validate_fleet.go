package roostv1

import (
	"iter"
	"maps"
	"slices"
)

// FleetOption tells ValidateFleet what there is beside the fleet itself.
type FleetOption func(*surroundings)

// surroundings is what a fleet is added to.
type surroundings struct {
	profile func(id string) *Profile
	drivers []string // nil: not known, so none is missed
	devices iter.Seq[*DeviceSpec]
	check   func(d *DeviceSpec, p *Profile) Problems
}

// WithProfiles has devices find their profiles in lookup too, after those of the
// fleet. lookup returns nil for a profile that there is not.
func WithProfiles(lookup func(id string) *Profile) FleetOption {
	return func(s *surroundings) {
		if lookup != nil {
			s.profile = lookup
		}
	}
}

// WithDrivers refuses devices whose driver is not one of the names.
func WithDrivers(names ...string) FleetOption {
	return func(s *surroundings) { s.drivers = append([]string{}, names...) }
}

// WithDevices compares the fleet with devices that are registered already: a bus
// is fixed for a device's life, and its devices are placed together. A registered
// device with the id of one in the fleet is the one that it will replace.
func WithDevices(registered iter.Seq[*DeviceSpec]) FleetOption {
	return func(s *surroundings) {
		if registered != nil {
			s.devices = registered
		}
	}
}

// WithCheck has each device judged also by who knows more of it, its driver above all. check returns
// what is wrong with a device, with paths relative to it (address["host"]) or to its profile
// (resources[3].protocol["register"], commands[0]). It is not asked of what is retired, nor where the address or
// the profile is wrong already. With WithDevices, it is also asked of registered devices whose profile is in the fleet.
func WithCheck(check func(d *DeviceSpec, p *Profile) Problems) FleetOption {
	return func(s *surroundings) { s.check = check }
}

// ValidateFleet returns everything that is wrong with a fleet: the problems of its
// profiles, then those of its devices, in the order of the fleet file; of a device first
// its own, then those with what it names and shares. Last comes what WithCheck finds. The same fleet gives the same
// problems in the same order.
func ValidateFleet(f *Fleet, options ...FleetOption) Problems {
	var problems Problems
	at := place{problems: &problems}
	if f == nil {
		at.report("", "there is no fleet")
		return problems
	}
	around := surroundings{
		profile: func(string) *Profile { return nil },
		devices: func(func(*DeviceSpec) bool) {},
	}
	for _, option := range options {
		option(&around)
	}
	profiles := validateProfiles(at, f.Profiles)
	v := fleetValidator{around: around, profiles: profiles, firsts: make(map[string]string), buses: make(map[string]busUse)}
	v.learn(f.Devices)
	for i, d := range f.Devices {
		v.device(at.entry("devices", i, "device", d.GetId()), d)
	}
	if around.check != nil {
		newJudge(f, around, problems).judge(at)
	}
	return problems
}

func validateProfiles(at place, profiles []*Profile) map[string]*Profile {
	byID := make(map[string]*Profile, len(profiles))
	firsts := make(map[string]string, len(profiles))
	for i, p := range profiles {
		at := at.entry("profiles", i, "profile", p.GetId())
		if p == nil {
			at.report("", "it is empty")
			continue
		}
		if at.once(firsts, "id", p.Id) {
			byID[p.Id] = p
		}
		validateProfile(at, p)
	}
	return byID
}

// fleetValidator goes through the devices of a fleet and keeps what they must agree on.
type fleetValidator struct {
	around   surroundings
	profiles map[string]*Profile
	firsts   map[string]string // where a device id was seen first
	fixed    map[string]string // the bus of a device that is registered already
	buses    map[string]busUse
}

// busUse is the first device on a bus: the others are placed as it is.
type busUse struct {
	device    string
	placement *Placement
}

// learn goes through the registered devices, if there are any, in any order.
func (v *fleetValidator) learn(devices []*DeviceSpec) {
	inFleet := make(map[string]bool, len(devices))
	onBus := make(map[string]bool, len(devices))
	for _, d := range devices {
		inFleet[d.GetId()] = true
		onBus[d.BusID()] = true
	}
	v.fixed = make(map[string]string)
	for d := range v.around.devices {
		switch bus := d.BusID(); {
		case d.GetAdminState() == AdminState_ADMIN_STATE_RETIRED:
		case inFleet[d.GetId()]:
			v.fixed[d.GetId()] = bus
		case onBus[bus]:
			// The least id, so that the message does not depend on the order.
			if first, ok := v.buses[bus]; !ok || d.GetId() < first.device {
				v.buses[bus] = busUse{d.GetId(), d.GetPlacement()}
			}
		}
	}
}

func (v *fleetValidator) device(at place, d *DeviceSpec) {
	if d == nil {
		at.report("", "it is empty")
		return
	}
	first := at.once(v.firsts, "id", d.Id)
	profile := v.profiles[d.Profile]
	if profile == nil {
		profile = v.around.profile(d.Profile)
	}
	validateDevice(at, d, profile)
	if profile == nil && CheckID("profile id", d.Profile) == nil {
		at.report("profile", "there is no profile %s", shown(d.Profile))
	}
	v.driver(at, d.Driver)
	if first && d.AdminState != AdminState_ADMIN_STATE_RETIRED {
		v.bus(at, d)
	}
}

func (v *fleetValidator) driver(at place, name string) {
	switch {
	case name == "" || v.around.drivers == nil || slices.Contains(v.around.drivers, name):
	case len(v.around.drivers) == 0:
		at.report("driver", "there is no driver %s, nor any other", shown(name))
	default:
		at.report("driver", "there is no driver %s; there are %s", shown(name), list(slices.Sorted(slices.Values(v.around.drivers))))
	}
}

// bus checks what the device shares with others. A bus is owned as a whole, so one
// device that a gateway cannot serve would keep the others from it.
func (v *fleetValidator) bus(at place, d *DeviceSpec) {
	bus := d.BusID()
	if before, registered := v.fixed[d.Id]; registered && before != bus {
		at.report("bus", "it is on bus %s for life, not %s: retire the device and add it anew", shown(before), shown(bus))
	}
	other, used := v.buses[bus]
	if !used {
		v.buses[bus] = busUse{d.Id, d.Placement}
		return
	}
	if !samePlacement(other.placement, d.Placement) {
		at.report("placement", "it shares bus %s with %s, which is placed otherwise; devices of one bus are placed together", shown(bus), shown(other.device))
	}
}

func samePlacement(a, b *Placement) bool {
	sorted := func(p *Placement) []string { return slices.Sorted(slices.Values(p.GetGateways())) }
	return slices.Equal(sorted(a), sorted(b)) && maps.Equal(a.GetSelector(), b.GetSelector())
}
