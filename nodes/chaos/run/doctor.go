package run

import (
	"os"
	"runtime"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/netns"
)

// Means is something that a machine has or has not.
type Means struct {
	Name string
	// Missing is why it has not; empty: it has.
	Missing string
}

// Doctor says what this machine can do, by trying it in the smallest way.
func Doctor() []Means {
	return []Means{
		{"children die with the harness", unless(runtime.GOOS == "linux", "only the kernel of Linux does that")},
		{"stop and continue processes", unless(runtime.GOOS != "windows", "this system has no such signals")},
		{"see whether a process stands still", unless(exists("/proc/self/stat"), "there is no /proc")},
		{"failpoints, panics, clocks, triggers at a point", failpoint.Missing},
		{"a network of its own for each gateway", netns.Missing()},
		{"a small disk in memory for each gateway, which can be filled", disk.MemoryMissing()},
		{"a disk of its own for each node, whose power can be cut", disk.Missing()},
	}
}

func unless(ok bool, reason string) string {
	if ok {
		return ""
	}
	return reason
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
