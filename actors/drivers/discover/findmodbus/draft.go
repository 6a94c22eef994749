package findmodbus

import (
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Draft makes the beginning of a fleet of what was found: a profile for each kind of device, and a device for each unit. Units of
// one line are on one bus.
func Draft(found []Station) *discover.Draft {
	d := discover.NewDraft(
		"What the devices have does not show on the line: take resources, registers and units from their manuals. The one",
		"register that each profile has is one that the device gave, or if it gave none, one to begin with.",
	)
	w := writer{draft: d, profiles: map[string]*roostv1.Profile{}, lines: map[int]int{}}
	for _, s := range found {
		w.lines[s.order]++
	}
	for _, s := range found {
		w.device(s)
	}
	return d
}

// writer makes a draft.
type writer struct {
	draft    *discover.Draft
	profiles map[string]*roostv1.Profile // by what makes them differ
	lines    map[int]int                 // how many units are on a line, by its place
}

func (w *writer) device(s Station) {
	spec := &roostv1.DeviceSpec{
		Id: discover.ID("modbus", s.name(), strconv.Itoa(int(s.Unit))), Profile: w.profile(s).GetId(),
		Driver: modbus.Name, Address: maps.Clone(s.Line),
	}
	spec.Address["unit"] = strconv.Itoa(int(s.Unit))
	if w.lines[s.order] > 1 {
		spec.Bus = discover.ID("line", s.name())
	}
	w.draft.Device(spec)
	w.draft.Annotate(spec, s.notes()...)
}

// name is what tells the line from others, for an id.
func (s Station) name() string {
	if s.Line[serial] != "" {
		return filepath.Base(s.Line[serial])
	}
	to := s.Line["tcp"] + s.Line["rtu"]
	host, port, err := net.SplitHostPort(to)
	if err != nil || port != "502" {
		return to
	}
	return host
}

// notes are what people should know of a unit.
func (s Station) notes() []string {
	var notes []string
	for _, o := range []struct {
		id   byte
		name string
	}{
		{frame.VendorName, "vendor"}, {frame.ProductCode, "product code"}, {frame.Revision, "revision"}, {frame.ProductName, "product"},
		{frame.ModelName, "model"}, {frame.Application, "application"}, {frame.VendorURL, "see"},
	} {
		if text := s.object(o.id); text != "" {
			notes = append(notes, o.name+": "+text)
		}
	}
	text := []string{}
	if len(notes) > 0 {
		text = append(text, strings.Join(notes, ", "))
	} else {
		text = append(text, "It does not say what it is.")
	}
	if s.Every {
		text = append(text, "It answers whatever the unit is: probably one device, that does not look at it.")
	}
	if r := s.Register; r != nil {
		text = append(text, fmt.Sprintf("%s %d was %d.", r.Table, r.Address, r.Value))
	}
	return text
}

// profile returns the profile of such devices.
func (w *writer) profile(s Station) *roostv1.Profile {
	kind := strings.Join([]string{s.object(frame.VendorName), s.model(), s.table()}, "\x00")
	if p := w.profiles[kind]; p != nil {
		return p
	}
	id := discover.ID(s.object(frame.VendorName), s.model())
	if s.object(frame.VendorName)+s.model() == "" {
		id = "modbus-device"
	}
	p := w.draft.Profile(&roostv1.Profile{
		Id: strings.ToLower(id), Manufacturer: s.object(frame.VendorName), Model: s.model(), Resources: []*roostv1.Resource{s.resource()},
	})
	if s.Register == nil {
		w.draft.Annotate(p.Resources[0], "The device refused register 0 of each kind.")
	}
	w.profiles[kind] = p
	return p
}

func (s Station) table() string {
	if s.Register == nil {
		return "none"
	}
	return s.Register.Table
}

func (s Station) resource() *roostv1.Resource {
	r := &roostv1.Resource{Name: "holding-0", Type: roostv1.ValueType_VALUE_TYPE_UINT, Access: roostv1.Access_ACCESS_READ,
		Protocol: map[string]string{"table": "holding", "address": "0"}}
	if s.Register != nil {
		r.Name = s.Register.Table + "-0"
		r.Protocol["table"] = s.Register.Table
		if s.Register.Table == "coil" || s.Register.Table == "discrete" {
			r.Type = roostv1.ValueType_VALUE_TYPE_BOOL
		}
	}
	return r
}
