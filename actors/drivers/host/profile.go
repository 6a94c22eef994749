package host

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ProfileID is the id of the profile that [Profile] returns.
const ProfileID = "host"

// Limits of what Profile does.
const (
	profileTime  = 5 * time.Second // for looking at the whole machine
	temperatures = 8               // single ones, of the hundred that a large machine has
	keepAlive    = 5 * time.Minute // between two readings of a size that does not change
)

// Profile returns the profile of this machine: the sensors of the package's table
// that work on it, without those of single cores, disks and interfaces, and with
// its first eight temperatures. It looks at the machine to find out.
func Profile() *roostv1.Profile {
	ctx, cancel := context.WithTimeout(context.Background(), profileTime)
	defer cancel()
	look := newLook(ctx, place{}, new(volumes))
	profile := &roostv1.Profile{Id: ProfileID, Description: "A computer with its own sensors"}
	for _, s := range catalog() {
		if s.several() {
			continue
		}
		if _, err := s.open("", rootPath())(look); err == nil {
			profile.Resources = append(profile.Resources, s.resource(s.name))
		}
	}
	profile.Resources = append(profile.Resources, heatResources(look)...)
	return profile
}

// heatResources returns a resource for each of the first temperatures.
func heatResources(l *look) []*roostv1.Resource {
	found, err := l.heat()
	if err != nil {
		return nil
	}
	var resources []*roostv1.Resource
	for _, name := range slices.Sorted(maps.Keys(found)) {
		s, _, ok := find("temp." + name)
		if !ok || !s.several() || len("temp."+name) > roostv1.MaxID {
			continue
		}
		if resources = append(resources, s.resource("temp."+name)); len(resources) == temperatures {
			break
		}
	}
	return resources
}

// resource returns the model of the sensor.
func (s sensor) resource(name string) *roostv1.Resource {
	r := &roostv1.Resource{
		Name:        name,
		Description: s.description,
		Type:        s.kind,
		Unit:        s.unit,
		Access:      roostv1.Access_ACCESS_READ,
	}
	switch {
	case s.unit == "%":
		r.Min, r.Max = new(0.0), new(100.0)
	case s.name == "mem.total", s.name == "swap.total", s.name == "disk.total":
		// Published when it changes, and now and then.
		r.Heartbeat = durationpb.New(keepAlive)
	}
	return r
}

// checkResource tells what is wrong with a resource for this driver.
func checkResource(path string, r *roostv1.Resource) roostv1.Problems {
	var problems roostv1.Problems
	wrong := func(field, format string, args ...any) {
		problems = append(problems, roostv1.Problem{Path: path + field, Message: fmt.Sprintf(format, args...)})
	}
	s, _, ok := sensorOf(r)
	if !ok {
		name, field := r.GetName(), ".name"
		if own := r.GetProtocol()["sensor"]; own != "" {
			name, field = own, `.protocol["sensor"]`
		}
		wrong(field, "there is no sensor %q", name)
		return problems
	}
	if r.Writable() {
		wrong(".access", "%s cannot be written", s.name)
	}
	if r.GetUnit() != "" && r.GetUnit() != s.unit {
		wrong(".unit", "%s is measured in %q, not in %q", s.name, s.unit, r.GetUnit())
	}
	if (r.GetType() == isBool) != (s.kind == isBool) || !numberOrBool(r.GetType()) {
		wrong(".type", "%s is a %s and cannot be a %s", s.name, s.kind.Word(), r.GetType().Word())
	}
	for _, key := range slices.Sorted(maps.Keys(r.GetProtocol())) {
		field := fmt.Sprintf(".protocol[%q]", key)
		switch key {
		case "sensor":
		case "path":
			problems = append(problems, checkPath(path+field, r.GetProtocol()[key])...)
		default:
			wrong(field, "unknown key; the host driver has sensor and path")
		}
	}
	return problems
}

func numberOrBool(t roostv1.ValueType) bool {
	return t == isBool || t == isDouble || t == isUint || t == roostv1.ValueType_VALUE_TYPE_INT
}
