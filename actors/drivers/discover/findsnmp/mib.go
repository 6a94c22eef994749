package findsnmp

import roostv1 "github.com/roost-iot/roost/proto/roost/v1"

// mib is a group of objects that are known here.
type mib struct {
	name    string // for people
	scalars []object
	tables  []table
}

// object is one object, or a column of a table.
type object struct {
	name, oid, text string
	kind            roostv1.ValueType
	unit            string
	scale           string // what is read, times this; empty: 1
	words           string // of a number that stands for a word
}

// table is columns with one row for each of something.
type table struct {
	of      string   // what it is, for the names of resources
	names   []string // columns that name a row; the first that has a name counts
	unit    string   // a column that says how large the unit of a row is; empty: there is none
	columns []object
}

const (
	isText   = roostv1.ValueType_VALUE_TYPE_STRING
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
)

const (
	sysDescr    = "1.3.6.1.2.1.1.1.0"
	sysObjectID = "1.3.6.1.2.1.1.2.0"
	sysUpTime   = "1.3.6.1.2.1.1.3.0"
	sysName     = "1.3.6.1.2.1.1.5.0"
	sysLocation = "1.3.6.1.2.1.1.6.0"

	ups        = "1.3.6.1.2.1.33.1."
	interfaces = "1.3.6.1.2.1.2.2.1."
	extended   = "1.3.6.1.2.1.31.1.1.1."
	host       = "1.3.6.1.2.1.25."
)

const (
	outputSources   = "1=other, 2=none, 3=normal, 4=bypass, 5=battery, 6=booster, 7=reducer"
	batteryStates   = "1=unknown, 2=normal, 3=low, 4=depleted"
	interfaceStates = "1=up, 2=down, 3=testing, 4=unknown, 5=dormant, 6=notPresent, 7=lowerLayerDown"
)

// mibs are what agents are asked for.
func mibs() []mib {
	return []mib{
		{name: "system (RFC 3418)", scalars: []object{
			{name: "uptime", oid: sysUpTime, text: "Time since the agent started", kind: isDouble, unit: "s", scale: "0.01"},
		}},
		{name: "power supply (RFC 1628)", scalars: upsScalars(), tables: upsTables()},
		{name: "host (RFC 2790)", scalars: []object{
			{name: "processes", oid: host + "1.6.0", text: "Processes", kind: isUint},
			{name: "users", oid: host + "1.5.0", text: "Sessions of users", kind: isUint},
		}, tables: []table{
			{of: "storage", names: []string{host + "2.3.1.3"}, unit: host + "2.3.1.4", columns: []object{
				{name: "size", oid: host + "2.3.1.5", text: "Size", kind: isDouble, unit: "By"},
				{name: "used", oid: host + "2.3.1.6", text: "Used", kind: isDouble, unit: "By"},
			}},
			{of: "processor", columns: []object{
				{name: "load", oid: host + "3.3.1.2", text: "Load of the last minute", kind: isUint, unit: "%"},
			}},
		}},
		{name: "interfaces (RFC 2863)", tables: []table{
			{of: "interface", names: []string{extended + "1", interfaces + "2"}, columns: []object{
				{name: "state", oid: interfaces + "8", text: "Whether packets can pass", kind: isText, words: interfaceStates},
				{name: "in", oid: extended + "6", text: "Octets received", kind: isUint, unit: "By"},
				{name: "out", oid: extended + "10", text: "Octets sent", kind: isUint, unit: "By"},
				{name: "in-errors", oid: interfaces + "14", text: "Packets received with errors", kind: isUint},
			}},
		}},
	}
}

func upsScalars() []object {
	return []object{
		{name: "battery-status", oid: ups + "2.1.0", text: "State of the battery", kind: isText, words: batteryStates},
		{name: "on-battery", oid: ups + "2.2.0", text: "Time on battery; 0 on mains", kind: isUint, unit: "s"},
		{name: "runtime", oid: ups + "2.3.0", text: "Time until the battery is empty, at the present load", kind: isUint, unit: "min"},
		{name: "charge", oid: ups + "2.4.0", text: "Charge of the battery", kind: isUint, unit: "%"},
		{name: "battery-voltage", oid: ups + "2.5.0", text: "Voltage of the battery", kind: isDouble, unit: "V", scale: "0.1"},
		{name: "battery-current", oid: ups + "2.6.0", text: "Current of the battery", kind: isDouble, unit: "A", scale: "0.1"},
		{name: "battery-temperature", oid: ups + "2.7.0", text: "Temperature at the battery", kind: isInt, unit: "Cel"},
		{name: "line-failures", oid: ups + "3.1.0", text: "How often the input was out of tolerance", kind: isUint},
		{name: "output-source", oid: ups + "4.1.0", text: "Where the output comes from", kind: isText, words: outputSources},
		{name: "output-frequency", oid: ups + "4.2.0", text: "Frequency of the output", kind: isDouble, unit: "Hz", scale: "0.1"},
		{name: "alarms", oid: ups + "6.1.0", text: "Alarms present", kind: isUint},
	}
}

func upsTables() []table {
	return []table{
		{of: "input", columns: []object{
			{name: "frequency", oid: ups + "3.3.1.2", text: "Frequency of the input", kind: isDouble, unit: "Hz", scale: "0.1"},
			{name: "voltage", oid: ups + "3.3.1.3", text: "Voltage of the input", kind: isUint, unit: "V"},
			{name: "current", oid: ups + "3.3.1.4", text: "Current of the input", kind: isDouble, unit: "A", scale: "0.1"},
			{name: "power", oid: ups + "3.3.1.5", text: "True power of the input", kind: isUint, unit: "W"},
		}},
		{of: "output", columns: []object{
			{name: "voltage", oid: ups + "4.4.1.2", text: "Voltage of the output", kind: isUint, unit: "V"},
			{name: "current", oid: ups + "4.4.1.3", text: "Current of the output", kind: isDouble, unit: "A", scale: "0.1"},
			{name: "power", oid: ups + "4.4.1.4", text: "True power of the output", kind: isUint, unit: "W"},
			{name: "load", oid: ups + "4.4.1.5", text: "Load, of what it can bear", kind: isUint, unit: "%"},
		}},
	}
}
