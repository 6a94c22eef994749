package findsnmp

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Draft makes the beginning of a fleet of what was found: a device for each agent, and a profile for each set of resources.
func Draft(found []Agent) *discover.Draft {
	d := discover.NewDraft("Interfaces, storage and the like have numbers that some agents give anew when they start: look whether they stay.")
	var profiles []*roostv1.Profile
	for _, a := range found {
		p, notes := a.profile()
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
		spec := d.Device(&roostv1.DeviceSpec{
			Id: a.id(), Profile: p.Id, Driver: snmp.Name, Address: a.Address,
		})
		d.Annotate(spec, a.notes()...)
	}
	return d
}

// same tells whether two profiles have the same resources.
func same(a, b *roostv1.Profile) bool {
	return slices.EqualFunc(a.Resources, b.Resources, func(x, y *roostv1.Resource) bool { return proto.Equal(x, y) })
}

// What kind of device it is shows in what it has.
const (
	upsObjects  = "1.3.6.1.2.1.33."
	hostObjects = "1.3.6.1.2.1.25."
	sysUpTime   = "1.3.6.1.2.1.1.3.0"
)

func (a Agent) profile() (*roostv1.Profile, map[*roostv1.Resource]string) {
	kind := "agent"
	p, notes := &roostv1.Profile{}, map[*roostv1.Resource]string{}
	for _, c := range a.Found.Candidates {
		oid := c.Resource.GetProtocol()["oid"]
		switch {
		case strings.HasPrefix(oid, upsObjects):
			kind = "ups"
		case strings.HasPrefix(oid, hostObjects) && kind == "agent":
			kind = "host"
		}
		p.Resources = append(p.Resources, c.Resource)
		notes[c.Resource] = "was " + discover.Line(c.Value.Format())
	}
	if len(p.Resources) == 0 { // it has none of what is known
		p.Resources = append(p.Resources, &roostv1.Resource{
			Name: "uptime", Description: "Time since the agent started", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "s",
			Access: roostv1.Access_ACCESS_READ, Protocol: map[string]string{"oid": sysUpTime, "scale": "0.01"},
		})
	}
	p.Id = "snmp-" + kind
	return p, notes
}

// id is made of the agent's name, if it has one.
func (a Agent) id() string {
	if name := discover.Line(a.Found.Name); name != "" {
		return discover.ID(name)
	}
	return discover.ID("snmp", a.Address["agent"])
}

func (a Agent) notes() []string {
	notes := []string{"It says of itself: " + discover.Line(a.Found.Description)}
	if a.Found.ObjectID != "" {
		notes = append(notes, "sysObjectID: "+discover.Line(a.Found.ObjectID)+maker(a.Found.ObjectID))
	}
	if where := discover.Line(a.Found.Location); where != "" {
		notes = append(notes, "It is at: "+where)
	}
	if a.Partly {
		notes = append(notes, "It did not answer to the end, or there was no time: it may have more.")
	}
	return notes
}

// maker names who made a device, of some whom one meets.
func maker(objectID string) string {
	rest, private := strings.CutPrefix(objectID, "1.3.6.1.4.1.")
	number, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if !private || err != nil || makers[n] == "" {
		return ""
	}
	return " (" + makers[n] + ")"
}

// makers are numbers of enterprises, of IANA's register.
var makers = map[int]string{
	2: "IBM", 9: "Cisco", 11: "Hewlett-Packard", 43: "3Com", 232: "Compaq", 311: "Microsoft", 318: "APC", 476: "Vertiv", 534: "Eaton",
	674: "Dell", 705: "Eaton MGE", 850: "Tripp Lite", 2636: "Juniper", 3808: "CyberPower", 6574: "Synology", 8072: "net-snmp",
	14988: "MikroTik", 24681: "QNAP", 41112: "Ubiquiti",
}
