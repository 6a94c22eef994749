package host

import (
	"strings"

	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sensor is a row of the table in the package's documentation. A * in its name
// stands for the name of one of several things.
type sensor struct {
	name        string
	description string
	unit        string
	kind        roostv1.ValueType

	open opener
}

const (
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
)

// catalog returns all sensors, those with a * in their name last.
func catalog() []sensor {
	double, integer, truth := roostv1.Double, roostv1.Uint, roostv1.Bool
	return []sensor{
		{"cpu.used", "Use of all cores together", "%", isDouble, openProcessor},
		{"load.1", "Load average over 1 minute", "1", isDouble,
			of(loadAverage, func(a *load.AvgStat) *roostv1.Value { return double(a.Load1) })},
		{"load.5", "Load average over 5 minutes", "1", isDouble,
			of(loadAverage, func(a *load.AvgStat) *roostv1.Value { return double(a.Load5) })},
		{"load.15", "Load average over 15 minutes", "1", isDouble,
			of(loadAverage, func(a *load.AvgStat) *roostv1.Value { return double(a.Load15) })},
		{"mem.total", "Memory of the machine", "By", isUint,
			of(memory, func(m *mem.VirtualMemoryStat) *roostv1.Value { return integer(m.Total) })},
		{"mem.used", "Memory in use, caches not counted", "By", isUint,
			of(memory, func(m *mem.VirtualMemoryStat) *roostv1.Value { return integer(m.Used) })},
		{"mem.available", "Memory that programs can still get", "By", isUint,
			of(memory, func(m *mem.VirtualMemoryStat) *roostv1.Value { return integer(m.Available) })},
		{"mem.used_percent", "Memory in use", "%", isDouble,
			of(memory, func(m *mem.VirtualMemoryStat) *roostv1.Value { return double(m.UsedPercent) })},
		{"swap.total", "Swap space", "By", isUint,
			of(swap, func(s *mem.SwapMemoryStat) *roostv1.Value { return integer(s.Total) })},
		{"swap.used", "Swap space in use", "By", isUint,
			of(swap, func(s *mem.SwapMemoryStat) *roostv1.Value { return integer(s.Used) })},
		{"swap.used_percent", "Swap space in use", "%", isDouble,
			of(swap, func(s *mem.SwapMemoryStat) *roostv1.Value { return double(s.UsedPercent) })},
		{"disk.total", "Size of the file system", "By", isUint,
			onVolume(func(u *disk.UsageStat) *roostv1.Value { return integer(u.Total) })},
		{"disk.used", "Space in use on the file system", "By", isUint,
			onVolume(func(u *disk.UsageStat) *roostv1.Value { return integer(u.Used) })},
		{"disk.used_percent", "Space in use on the file system", "%", isDouble,
			onVolume(func(u *disk.UsageStat) *roostv1.Value { return double(u.UsedPercent) })},
		{"disk.read", "Rate of reading, all disks", "By/s", isDouble, flow(diskRead, whole)},
		{"disk.written", "Rate of writing, all disks", "By/s", isDouble, flow(diskWrite, whole)},
		{"net.received", "Rate of receiving, all interfaces but loopback", "By/s", isDouble, flow(received, outside)},
		{"net.sent", "Rate of sending, all interfaces but loopback", "By/s", isDouble, flow(sent, outside)},
		{"uptime", "Time since the machine started", "s", isUint, of(uptime, integer)},
		{"processes", "Number of processes", "1", isUint, of(processes, integer)},
		{"temp.max", "The hottest of all temperatures", "Cel", isDouble, of(heat, hottest)},
		{"battery.charge", "Charge of the battery", "%", isDouble,
			of(supply, func(b battery) *roostv1.Value { return double(b.charge) })},
		{"battery.charging", "Whether the battery is being charged", "", isBool,
			of(supply, func(b battery) *roostv1.Value { return truth(b.charging) })},

		{"cpu.*.used", "Use of one core", "%", isDouble, openCore},
		{"disk.*.read", "Rate of reading from one disk", "By/s", isDouble, flow(diskRead, only)},
		{"disk.*.written", "Rate of writing to one disk", "By/s", isDouble, flow(diskWrite, only)},
		{"net.*.received", "Rate of receiving on one interface", "By/s", isDouble, flow(received, only)},
		{"net.*.sent", "Rate of sending on one interface", "By/s", isDouble, flow(sent, only)},
		{"temp.*", "A temperature", "Cel", isDouble, openTemperature},
	}
}

// find returns the sensor of that name, and what stands at its *.
func find(name string) (s sensor, part string, ok bool) {
	for _, s := range catalog() {
		if part, ok := s.matches(name); ok {
			return s, part, true
		}
	}
	return sensor{}, "", false
}

// several reports whether the sensor stands for one of several things.
func (s sensor) several() bool { return strings.Contains(s.name, "*") }

func (s sensor) matches(name string) (part string, ok bool) {
	before, after, several := strings.Cut(s.name, "*")
	if !several {
		return "", name == s.name
	}
	rest, ok := strings.CutPrefix(name, before)
	if !ok {
		return "", false
	}
	part, ok = strings.CutSuffix(rest, after)
	return part, ok && part != ""
}

// sensorOf returns the sensor that a resource stands for.
func sensorOf(r *roostv1.Resource) (s sensor, part string, ok bool) {
	name := r.GetProtocol()["sensor"]
	if name == "" {
		name = r.GetName()
	}
	return find(name)
}
