package run

import (
	"os"
	"runtime"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

// Means is something that a machine has or has not.
type Means struct {
	Name string
	// Missing is why it has not; empty: it has.
	Missing string
}

// Doctor says what this machine can do.
func Doctor() []Means {
	root := ""
	if os.Geteuid() != 0 {
		root = "it needs root"
	}
	return []Means{
		{"children die with the harness", unless(runtime.GOOS == "linux", "only the kernel of Linux does that; roost chaos cleanup ends them")},
		{"stop and continue processes", unless(runtime.GOOS != "windows", "this system has no such signals")},
		{"see whether a process stands still", unless(exists("/proc/self/stat"), "there is no /proc")},
		{"failpoints, panics, clocks, triggers at a point", failpoint.Missing},
		{"network namespaces", or(root, unless(exists("/proc/self/ns/net"), "the kernel has none"))},
		{"loop devices with ext4", or(root, unless(exists("/dev/loop-control") && knows("ext4"), "no loop devices, or no ext4"))},
	}
}

func unless(ok bool, reason string) string {
	if ok {
		return ""
	}
	return reason
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func knows(filesystem string) bool {
	text, err := os.ReadFile("/proc/filesystems")
	return err == nil && strings.Contains(string(text), filesystem)
}
