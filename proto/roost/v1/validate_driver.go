package roostv1

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// judge tells what those who know more of devices find wrong with those of a fleet. What is wrong with a profile is told once, however
// many devices have it.
type judge struct {
	fleet    *Fleet
	around   surroundings
	wrong    map[string]bool // the profiles and addresses that are wrong already: "profiles[0]", "devices[3].address"
	profiles map[string]int  // those of the fleet, by id
	told     map[Problem]bool
}

func newJudge(f *Fleet, around surroundings, before Problems) *judge {
	j := &judge{fleet: f, around: around, wrong: make(map[string]bool), profiles: make(map[string]int), told: make(map[Problem]bool)}
	for i, p := range slices.Backward(f.Profiles) { // of two with one id the first counts
		j.profiles[p.GetId()] = i
	}
	for _, p := range before {
		item, field, _ := strings.Cut(p.Path, ".")
		if strings.HasPrefix(item, "profiles[") {
			j.wrong[item] = true
		} else if strings.HasPrefix(field, "address") {
			j.wrong[item+".address"] = true
		}
	}
	return j
}

func (j *judge) judge(root place) {
	inFleet := make(map[string]bool, len(j.fleet.Devices))
	for i, d := range j.fleet.Devices {
		inFleet[d.GetId()] = true
		if !j.wrong[index("devices", i)+".address"] {
			j.device(root, root.entry("devices", i, "device", d.GetId()), d)
		}
	}
	for _, d := range j.registered() {
		if _, changed := j.profiles[d.Profile]; changed && !inFleet[d.Id] {
			j.device(root, place{problems: new(Problems)}, d) // only its profile is of the fleet
		}
	}
}

// registered returns the devices that are registered already, in one order.
func (j *judge) registered() []*DeviceSpec {
	return slices.SortedFunc(j.around.devices, func(a, b *DeviceSpec) int { return cmp.Compare(a.GetId(), b.GetId()) })
}

// device judges a device that is at a place.
func (j *judge) device(root, at place, d *DeviceSpec) {
	i, own := j.profiles[d.GetProfile()]
	profile := j.around.profile(d.GetProfile())
	if own {
		profile = j.fleet.Profiles[i]
	}
	if d == nil || profile == nil || d.AdminState == AdminState_ADMIN_STATE_RETIRED || own && j.wrong[index("profiles", i)] {
		return
	}
	var foreign Problems // of a profile that is not the fleet's
	for _, p := range j.around.check(d, profile) {
		p.Message = named(p, d, profile)
		subject, ofProfile := partOf(profile, p.Path)
		switch {
		case !ofProfile:
			at.report(p.Path, "%s", p.Message)
		case own:
			in := root.entry("profiles", i, "profile", profile.Id)
			in.subject = cmp.Or(subject, in.subject)
			j.once(Problem{in.path + p.Path, p.Message}, func() { in.report(p.Path, "%s", p.Message) })
		default:
			foreign = append(foreign, p)
		}
	}
	if len(foreign) > 0 {
		text := foreign[:1].Err().Error()
		if more := len(foreign) - 1; more > 0 {
			text += fmt.Sprintf("; and %d more", more)
		}
		j.once(Problem{profile.Id, text}, func() {
			at.report("profile", "the driver %s cannot use the profile %s: %s", shown(d.Driver), shown(profile.Id), text)
		})
	}
}

// named returns the message of a problem; of a key that is not there, whose place cannot show which one it is, with its name.
func named(p Problem, d *DeviceSpec, profile *Profile) string {
	from := strings.LastIndex(p.Path, `["`)
	if from < 0 {
		return p.Message
	}
	key, err := strconv.Unquote(strings.TrimSuffix(p.Path[from+1:], "]"))
	if err != nil || strings.HasPrefix(p.Message, key) {
		return p.Message
	}
	given := d.Address
	if i, ofResource := indexOf(p.Path, "resources"); ofResource && i < len(profile.Resources) {
		given = profile.Resources[i].GetProtocol()
	}
	if _, there := given[key]; there {
		return p.Message
	}
	return key + " " + p.Message
}

func (j *judge) once(p Problem, tell func()) {
	if !j.told[p] {
		j.told[p] = true
		tell()
	}
}

// partOf tells whether a path is one of a profile, and which of its resources or commands it leads to.
func partOf(p *Profile, path string) (subject string, ofProfile bool) {
	if i, ok := indexOf(path, "resources"); ok && i < len(p.Resources) {
		return "resource " + shown(p.Resources[i].GetName()), true
	}
	if i, ok := indexOf(path, "commands"); ok && i < len(p.Commands) {
		return "command " + shown(p.Commands[i].GetName()), true
	}
	return "", path == "resources" || path == "commands"
}

// indexOf returns which element of a list a path leads to.
func indexOf(path, list string) (i int, ok bool) {
	rest, ok := strings.CutPrefix(path, list+"[")
	number, _, _ := strings.Cut(rest, "]")
	i, err := strconv.Atoi(number)
	return i, ok && err == nil && i >= 0
}
