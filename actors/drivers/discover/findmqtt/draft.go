package findmqtt

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// driver is the name of the driver of devices at a broker.
const driver = mqtt.Name

// maxResources is how many resources a profile gets.
const maxResources = 200

// Draft makes the beginning of a fleet of what was heard: a device for each group of topics, and a profile for each set of resources.
// Keys are those of the devices' addresses that are the same for all.
func (h *Messages) Draft(keys map[string]string, levels int) *discover.Draft {
	d := discover.NewDraft("Types are guessed from what was heard, and units are not: correct them. What can be written does not show: add it by hand.")
	if h.Left > 0 {
		d.Head = append(d.Head, fmt.Sprintf("%d topics more were not looked at.", h.Left))
	}
	var profiles []*roostv1.Profile
	for _, one := range groups(h.sorted(), levels) {
		p, notes := one.profile()
		if len(p.Resources) == 0 {
			continue
		}
		known := slices.IndexFunc(profiles, func(other *roostv1.Profile) bool { return same(p, other) })
		if known >= 0 {
			p = profiles[known]
		} else {
			d.Profile(p)
			for r, note := range notes {
				d.Annotate(r, note)
			}
			profiles = append(profiles, p)
		}
		spec := d.Device(&roostv1.DeviceSpec{Id: one.id(), Profile: p.Id, Driver: driver, Address: one.address(keys)})
		d.Annotate(spec, one.note())
	}
	return d
}

// same tells whether two profiles have the same resources.
func same(a, b *roostv1.Profile) bool {
	return slices.EqualFunc(a.Resources, b.Resources, func(x, y *roostv1.Resource) bool { return proto.Equal(x, y) })
}

func (one *group) id() string {
	if one.name != "" {
		return discover.ID(one.name)
	}
	return discover.ID(one.base)
}

func (one *group) address(keys map[string]string) map[string]string {
	address := map[string]string{}
	maps.Copy(address, keys)
	if one.name != "" {
		address["name"] = one.name
	} else if one.base != "" {
		address["base"] = one.base
	}
	if one.presence != "" {
		address["presence"], address["online"], address["offline"] = one.presence, one.online, one.offline
	}
	return address
}

func (one *group) note() string {
	messages, retained := 0, 0
	for _, t := range one.topics {
		messages, retained = messages+t.messages, retained+t.retained
	}
	text := fmt.Sprintf("%d messages at %d topics, %d of them kept by the broker.", messages, len(one.topics), retained)
	if one.maker != "" {
		text = "It looks like " + one.maker + ". " + text
	}
	return text
}

// profile makes resources of a group's topics.
func (one *group) profile() (*roostv1.Profile, map[*roostv1.Resource]string) {
	kind := strings.ToLower(one.maker)
	if kind == "" {
		kind = one.base[strings.LastIndex(one.base, "/")+1:]
	}
	p := &roostv1.Profile{Id: discover.ID(driver, kind)}
	notes := map[*roostv1.Resource]string{}
	var names discover.Names
	for _, t := range one.topics {
		for _, l := range t.leaves {
			if l.kind == isNothing || len(p.Resources) == maxResources {
				continue
			}
			r := &roostv1.Resource{Name: names.Name(one.label(t, l)), Type: l.kind.valueType(), Access: roostv1.Access_ACCESS_READ,
				Protocol: map[string]string{"topic": one.topic(t)}}
			if l.path != "" {
				r.Protocol["json"] = l.path
			}
			notes[r] = "was " + discover.Line(l.last)
			p.Resources = append(p.Resources, r)
		}
	}
	return p, notes
}

// label is what tells a value of a group from its others.
func (one *group) label(t *topic, l leaf) string {
	parts := strings.Split(one.topic(t), "/")
	parts = slices.DeleteFunc(parts, func(part string) bool {
		return part == "{base}" || part == "{name}" || part == "tele" || part == "stat" || part == "SENSOR" || part == "state" || part == "value"
	})
	if l.name != "" {
		parts = append(parts, l.name)
	}
	if len(parts) == 0 {
		return one.base[strings.LastIndex(one.base, "/")+1:]
	}
	return strings.Join(parts, "-")
}

func (k kind) valueType() roostv1.ValueType {
	switch k {
	case isBool:
		return roostv1.ValueType_VALUE_TYPE_BOOL
	case isNumber:
		return roostv1.ValueType_VALUE_TYPE_DOUBLE
	case isBytes:
		return roostv1.ValueType_VALUE_TYPE_BYTES
	}
	return roostv1.ValueType_VALUE_TYPE_STRING
}
