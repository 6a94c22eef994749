package snmp

import roostv1 "github.com/roost-iot/roost/proto/roost/v1"

// group is what agents of a kind have: single objects, or a table with a row for each interface, processor, volume.
type group struct {
	prefix string // of the resources' names
	labels string // the column that names the rows; empty: single objects
	kinds  []kind // what each row has
	most   int    // rows that are looked at
}

// kind is one thing that can be read.
type kind struct {
	name, about string
	oid         string // of the column, or of the object
	is          roostv1.ValueType
	unit        string
	scale       string
	words       string
}

const (
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isText   = roostv1.ValueType_VALUE_TYPE_STRING
)

const (
	mib2       = ".1.3.6.1.2.1."
	interfaces = mib2 + "2.2.1."
	highSpeed  = mib2 + "31.1.1.1."
	hosts      = mib2 + "25."
	upses      = mib2 + "33.1."
	printers   = mib2 + "43."
	fewRows    = 8
	manyRows   = 64
)

// catalog is what is looked for: RFC 1213, 2863, 2790, 1628 and 3805.
var catalog = []group{
	{kinds: []kind{{"up_time", "how long the agent runs", upTime, isDouble, "s", "0.01", ""}}},
	{prefix: "ups", kinds: []kind{
		{"battery_status", "state of the battery", upses + "2.1.0", isText, "", "", "1=unknown, 2=normal, 3=low, 4=depleted"},
		{"on_battery", "how long it has been on battery", upses + "2.2.0", isUint, "s", "", ""},
		{"minutes_remaining", "how long the battery lasts", upses + "2.3.0", isUint, "min", "", ""},
		{"charge", "charge of the battery", upses + "2.4.0", isUint, "%", "", ""},
		{"battery_voltage", "voltage of the battery", upses + "2.5.0", isDouble, "V", "0.1", ""},
		{"battery_temperature", "temperature at the battery", upses + "2.7.0", isInt, "Cel", "", ""},
		{"output_source", "where its power comes from", upses + "4.1.0", isText, "", "",
			"1=other, 2=none, 3=normal, 4=bypass, 5=battery, 6=booster, 7=reducer"},
		{"alarms", "how many alarms there are", upses + "6.1.0", isUint, "", "", ""},
	}},
	{prefix: "ups.input", labels: upses + "3.3.1.3", most: fewRows, kinds: []kind{
		{"voltage", "voltage of the line", upses + "3.3.1.3", isUint, "V", "", ""},
		{"frequency", "frequency of the line", upses + "3.3.1.2", isDouble, "Hz", "0.1", ""},
	}},
	{prefix: "ups.output", labels: upses + "4.4.1.5", most: fewRows, kinds: []kind{
		{"load", "load of the line", upses + "4.4.1.5", isUint, "%", "", ""},
		{"voltage", "voltage of the line", upses + "4.4.1.2", isUint, "V", "", ""},
	}},
	{prefix: "if", labels: interfaces + "2", most: manyRows, kinds: []kind{
		{"status", "state of the interface", interfaces + "8", isText, "", "",
			"1=up, 2=down, 3=testing, 4=unknown, 5=dormant, 6=not_present, 7=lower_layer_down"},
		{"in", "octets received", highSpeed + "6", isUint, "By", "", ""},
		{"out", "octets sent", highSpeed + "10", isUint, "By", "", ""},
		{"in_errors", "what was received broken", interfaces + "14", isUint, "", "", ""},
		{"out_errors", "what could not be sent", interfaces + "20", isUint, "", "", ""},
	}},
	{prefix: "host", kinds: []kind{{"processes", "how many processes run", hosts + "1.6.0", isUint, "", "", ""}}},
	{prefix: "cpu", labels: hosts + "3.3.1.2", most: manyRows, kinds: []kind{{"load", "load of the processor", hosts + "3.3.1.2", isUint, "%", "", ""}}},
	{prefix: "storage", labels: hosts + "2.3.1.3", most: manyRows, kinds: []kind{
		{"size", "size, in allocation units", hosts + "2.3.1.5", isUint, "", "", ""},
		{"used", "what is used of it, in allocation units", hosts + "2.3.1.6", isUint, "", "", ""},
	}},
	{prefix: "supply", labels: printers + "11.1.1.6.1", most: fewRows, kinds: []kind{
		{"level", "what is left of the supply", printers + "11.1.1.9.1", isInt, "", "", ""},
	}},
}
