package findopcua

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/opcua"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lastQuestions is how long what has been found may be asked for when there is no time left.
const lastQuestions = 3 * time.Second

// Draft makes the beginning of a fleet of what was found: one device, with a profile of its own.
func (f *Found) Draft() *discover.Draft {
	d := discover.NewDraft("All resources can be read only. To write one, say access: read_write, and with write_kind what a repeated write does.")
	p := &roostv1.Profile{Id: discover.ID("opcua", f.host())}
	var names discover.Names
	left := 0
	notes := map[*roostv1.Resource][]string{}
	for _, v := range f.variables {
		kind := v.valueType()
		if kind == roostv1.ValueType_VALUE_TYPE_UNSPECIFIED {
			left++
			continue
		}
		r := &roostv1.Resource{
			Name: names.Name(strings.Join(v.path[min(1, len(v.path)-1):], "-")), Description: discover.Line(strings.Join(v.path, " / ")),
			Type: kind, Unit: ucum[v.unit], Access: roostv1.Access_ACCESS_READ, Protocol: map[string]string{"node": f.node(v.node)},
		}
		p.Resources = append(p.Resources, r)
		notes[r] = v.notes()
	}
	if len(p.Resources) == 0 {
		return d
	}
	d.Profile(p)
	for r, lines := range notes {
		d.Annotate(r, lines...)
	}
	if left > 0 {
		d.Annotate(p, fmt.Sprintf("%d variables were left out, which are arrays, structures, or have no value.", left))
	}
	if f.more {
		d.Annotate(p, "There is more than was looked at: see --limit, --depth and --for.")
	}
	d.Device(&roostv1.DeviceSpec{Id: discover.ID("opcua", f.host()), Profile: p.Id, Driver: opcua.Name, Address: maps.Clone(f.keys)})
	return d
}

func (f *Found) host() string {
	if u, err := url.Parse(f.keys["endpoint"]); err == nil {
		return u.Host
	}
	return ""
}

// node names a node by the URI of its namespace, since the number may be another one when the server has restarted; by the number where
// a URI cannot be written, or is that of the server itself.
func (f *Found) node(n *ua.NodeID) string {
	space := int(n.Namespace())
	if space < 2 || space >= len(f.namespaces) || f.namespaces[space] == "" || strings.ContainsAny(f.namespaces[space], "; ") {
		return n.String()
	}
	_, id, _ := strings.Cut(n.String(), ";")
	return "nsu=" + f.namespaces[space] + ";" + id
}

// ucum are units in UCUM notation, by what servers mostly call them.
var ucum = map[string]string{
	"°C": "Cel", "°F": "[degF]", "K": "K", "%": "%", "V": "V", "mV": "mV", "A": "A", "mA": "mA", "W": "W", "kW": "kW", "Wh": "W.h", "kWh": "kW.h", "Hz": "Hz",
	"bar": "bar", "mbar": "mbar", "Pa": "Pa", "kPa": "kPa", "m": "m", "mm": "mm", "m/s": "m/s", "m³/h": "m3/h", "l/min": "L/min", "s": "s", "ms": "ms", "min": "min", "h": "h",
	"kg": "kg", "g": "g", "t": "t", "N": "N", "Nm": "N.m", "r/min": "{rev}/min", "rpm": "{rev}/min", "l": "L", "m³": "m3",
}

// notes are what people should know of a variable.
func (v *variable) notes() []string {
	var notes []string
	if v.data != nil && v.data.Value != nil {
		notes = append(notes, "was "+discover.Line(fmt.Sprint(v.data.Value.Value())))
	}
	if v.unit != "" && ucum[v.unit] == "" {
		notes = append(notes, "unit: "+discover.Line(v.unit))
	}
	if v.limit != nil {
		notes = append(notes, fmt.Sprintf("usually from %g to %g", v.limit.Low, v.limit.High))
	}
	if v.write {
		notes = append(notes, "can be written")
	}
	if len(notes) == 0 {
		return nil
	}
	return []string{strings.Join(notes, "; ")}
}

// valueType is the type of the value that a variable has, or if it has none at present, of those that it says to have.
func (v *variable) valueType() roostv1.ValueType {
	if v.data != nil && v.data.Value != nil && v.data.Value.Value() != nil {
		return typeOfValue(v.data.Value.Value())
	}
	if v.rank >= 0 || v.kind == nil || v.kind.Namespace() != 0 {
		return roostv1.ValueType_VALUE_TYPE_UNSPECIFIED
	}
	return typeOfID(ua.TypeID(v.kind.IntID()))
}

func typeOfValue(v any) roostv1.ValueType {
	switch v.(type) {
	case bool:
		return roostv1.ValueType_VALUE_TYPE_BOOL
	case int8, int16, int32, int64:
		return roostv1.ValueType_VALUE_TYPE_INT
	case uint8, uint16, uint32, uint64:
		return roostv1.ValueType_VALUE_TYPE_UINT
	case float32, float64:
		return roostv1.ValueType_VALUE_TYPE_DOUBLE
	case string, *ua.LocalizedText, time.Time, *ua.NodeID, *ua.GUID, *ua.QualifiedName:
		return roostv1.ValueType_VALUE_TYPE_STRING
	case []byte:
		return roostv1.ValueType_VALUE_TYPE_BYTES
	}
	return roostv1.ValueType_VALUE_TYPE_UNSPECIFIED
}

func typeOfID(kind ua.TypeID) roostv1.ValueType {
	switch kind {
	case ua.TypeIDBoolean:
		return roostv1.ValueType_VALUE_TYPE_BOOL
	case ua.TypeIDSByte, ua.TypeIDInt16, ua.TypeIDInt32, ua.TypeIDInt64:
		return roostv1.ValueType_VALUE_TYPE_INT
	case ua.TypeIDByte, ua.TypeIDUint16, ua.TypeIDUint32, ua.TypeIDUint64:
		return roostv1.ValueType_VALUE_TYPE_UINT
	case ua.TypeIDFloat, ua.TypeIDDouble:
		return roostv1.ValueType_VALUE_TYPE_DOUBLE
	case ua.TypeIDString, ua.TypeIDDateTime, ua.TypeIDLocalizedText:
		return roostv1.ValueType_VALUE_TYPE_STRING
	case ua.TypeIDByteString:
		return roostv1.ValueType_VALUE_TYPE_BYTES
	}
	return roostv1.ValueType_VALUE_TYPE_UNSPECIFIED
}
