package findsnmp

import (
	"fmt"
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
		p := a.profile()
		known := slices.IndexFunc(profiles, func(other *roostv1.Profile) bool { return same(p, other) })
		if known >= 0 {
			p = profiles[known]
		} else {
			d.Profile(p)
			d.Annotate(p, a.profileNotes()...)
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

func (a Agent) profile() *roostv1.Profile {
	kind := "agent"
	for _, r := range a.Resources {
		switch {
		case strings.HasPrefix(r.Protocol["oid"], ups):
			kind = "ups"
		case strings.HasPrefix(r.Protocol["oid"], host) && kind == "agent":
			kind = "host"
		}
	}
	resources := a.Resources
	if len(resources) == 0 { // it has none of what is known here
		resources = []*roostv1.Resource{{
			Name: "uptime", Description: "Time since the agent started", Type: isDouble, Unit: "s", Access: roostv1.Access_ACCESS_READ,
			Protocol: map[string]string{"oid": sysUpTime, "scale": "0.01"},
		}}
	}
	return &roostv1.Profile{Id: "snmp-" + kind, Resources: resources}
}

func (a Agent) profileNotes() []string {
	if a.Left == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d rows of tables more were left out: look for them with --rows", a.Left)}
}

// id is made of the agent's name, if it has one.
func (a Agent) id() string {
	if name := discover.Line(a.Name); name != "" {
		return discover.ID(name)
	}
	return discover.ID("snmp", a.Address["agent"])
}

func (a Agent) notes() []string {
	notes := []string{"It says of itself: " + discover.Line(a.Descr)}
	if a.ObjectID != "" {
		notes = append(notes, "sysObjectID: "+discover.Line(a.ObjectID)+maker(a.ObjectID))
	}
	if where := discover.Line(a.Location); where != "" {
		notes = append(notes, "It is at: "+where)
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
