package host

import "github.com/shirou/gopsutil/v4/disk"

// AskVolumes makes the driver ask read for the size of a file system.
func AskVolumes(d *Driver, read func(path string) (*disk.UsageStat, error)) { d.volumes.read = read }

// Sensors returns the names of all sensors.
func Sensors() []string {
	var names []string
	for _, s := range catalog() {
		names = append(names, s.name)
	}
	return names
}
