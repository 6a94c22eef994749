//go:build linux

package main_test

import (
	"cmp"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/netns"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// needsMeans skips a test where this machine lets it make no disks and networks.
func needsMeans(t *testing.T) {
	t.Helper()
	if reason := cmp.Or(disk.Missing(), netns.Missing()); reason != "" {
		t.Skipf("this machine makes no disks and networks: %s", reason)
	}
}

// takenOf is what of the machine a run has at this moment: namespaces, the end of a cable, mounts, loop devices and images.
func takenOf(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	text, err := os.ReadFile(chaos.ManifestPath(folder))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var u fault.Undo
		if err := json.Unmarshal([]byte(line), &u); err != nil {
			break
		}
		for _, c := range u.Claims {
			if c.Network != nil {
				found = append(found, networkLeft(t, *c.Network)...)
			}
			if c.File != "" {
				found = append(found, globbed(t, c.File)...)
			}
		}
	}
	found = append(found, globbed(t, filepath.Join(folder, "nodes", "*.image"))...)
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, folder) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	for _, path := range globbed(t, "/sys/block/loop*/loop/backing_file") {
		if file, err := os.ReadFile(path); err == nil && strings.Contains(string(file), folder) {
			found = append(found, path)
		}
	}
	return found
}

func networkLeft(t *testing.T, names netns.Names) (found []string) {
	t.Helper()
	for _, name := range names.Namespaces {
		found = append(found, globbed(t, filepath.Join("/run/netns", name))...)
	}
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(links, func(l net.Interface) bool { return l.Name == names.Link }) {
		found = append(found, names.Link)
	}
	return found
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestChaosGivesTheMachineBack: whether a run is interrupted, or its harness killed in the middle of a fault and what is left
// cleaned up, no namespace, cable, mount, loop device, image or filler is there afterwards.
func TestChaosGivesTheMachineBack(t *testing.T) {
	needsMeans(t)
	for _, test := range []struct {
		scenario string
		signal   syscall.Signal
		code     int
	}{
		{"disk-full", syscall.SIGKILL, -1},
		{"power-cut", syscall.SIGINT, 130},
	} {
		t.Run(test.scenario, func(t *testing.T) {
			below := t.TempDir()
			p := start(t, chaosArgs(below, "--scenario", test.scenario, "--seed", "1", "--net", "netns")...)
			p.until(t, "f1 "+test.scenario)
			folder := runFolder(t, below)
			t.Cleanup(func() { _, _ = chaos.Cleanup(folder) }) // a test that failed leaves nothing either
			if taken := takenOf(t, folder); len(taken) < 8 {
				t.Errorf("a run takes only %q", taken)
			}
			code, _ := p.signal(t, test.signal)
			if code != test.code {
				t.Errorf("exit code %d: %s", code, p.errors.String())
			}
			if test.signal == syscall.SIGKILL {
				if left := takenOf(t, folder); len(left) < 8 {
					t.Errorf("after the harness was killed there is only %q, so that there is nothing to clean up", left)
				}
				if r := run(t, "chaos", "cleanup", folder); r.code != 0 {
					t.Errorf("cleanup: %+v", r)
				}
			}
			if left := takenOf(t, folder); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
			nothingLeft(t, folder)
		})
	}
}
