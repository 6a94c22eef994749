//go:build linux

package spool_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/roost-iot/roost/cluster/clustertest"
)

const (
	// ext4Shutdown stops a file system at once: nothing more reaches the disk, also not what it has in its log.
	ext4Shutdown   = 0x8004587d
	noFlushAtAll   = 2
	powerCuts      = 6
	powerDiskBytes = 128 << 20
)

// powerDisk is a disk in a file, whose power can be cut. It is never one of the machine's own.
type powerDisk struct {
	tb         testing.TB
	image, dir string
}

// newPowerDisk makes one, or skips the test with the reason.
func newPowerDisk(tb testing.TB) *powerDisk {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("only root can mount a disk, and cut its power")
	}
	at := tb.TempDir()
	d := &powerDisk{tb, filepath.Join(at, "image"), filepath.Join(at, "mnt")}
	if err := errors.Join(os.WriteFile(d.image, nil, 0o600), os.Truncate(d.image, powerDiskBytes), os.Mkdir(d.dir, 0o700)); err != nil {
		tb.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", d.image).CombinedOutput(); err != nil {
		tb.Skipf("cannot make a file system (%v: %s)", err, strings.TrimSpace(string(out)))
	}
	if out, err := d.mount(); err != nil {
		tb.Skipf("cannot mount a file (%v: %s)", err, out)
	}
	tb.Cleanup(func() { _ = exec.Command("umount", "-l", d.dir).Run() })
	return d
}

func (d *powerDisk) mount() (string, error) {
	out, err := exec.Command("mount", "-o", "loop", d.image, d.dir).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// cut cuts the power. The file system has to be one that this test made.
func (d *powerDisk) cut() {
	d.tb.Helper()
	dir, err := os.Open(d.dir)
	if err != nil {
		d.tb.Fatal(err)
	}
	defer dir.Close()
	var here, above unix.Stat_t
	if err := errors.Join(unix.Stat(d.dir, &here), unix.Stat(filepath.Dir(d.dir), &above)); err != nil || here.Dev == above.Dev {
		d.tb.Fatalf("%s is no disk of its own (%v): its power is not cut", d.dir, err)
	}
	if err := unix.IoctlSetPointerInt(int(dir.Fd()), ext4Shutdown, noFlushAtAll); err != nil {
		d.tb.Skipf("this file system cannot be stopped: %v", err)
	}
}

// again mounts the disk as it is found after the cut.
func (d *powerDisk) again() {
	d.tb.Helper()
	if out, err := exec.Command("umount", d.dir).CombinedOutput(); err != nil {
		d.tb.Fatalf("umount: %v: %s", err, out)
	}
	if out, err := d.mount(); err != nil {
		d.tb.Fatalf("mount after the cut: %v: %s", err, out)
	}
}

// halt stops a process in the middle of what it does. The power goes for the processor, too: what would be said after the
// disk has stopped, nobody hears.
func halt(t *testing.T, c *child) {
	t.Helper()
	if err := c.cmd.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(c.cmd.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("the process does not stop: %v, %v", status, err)
	}
}

// TestPowerCut cuts the power of the gateway's disk at arbitrary moments, the first time right after it was made. The hub is
// away, so that nobody else has the readings, but for the last time. Everything that was said to be durable comes to it.
func TestPowerCut(t *testing.T) {
	disk := newPowerDisk(t)
	site := newSite(t, clustertest.StartProcess(t))
	plan := childPlan{Folder: filepath.Join(disk.dir, "spool"), Hub: site.hub.URL(), Devices: 8, Epoch: 5}
	acked := map[string]uint64{}
	for i := range powerCuts {
		if away := i < powerCuts-1; away {
			site.hub.Kill()
		} else {
			site.hub.Restart()
		}
		c := startChild(t, plan, acked)
		<-moment()
		halt(t, c)
		disk.cut()
		c.kill()
		disk.again()
	}
	site.hub.Restart()
	s, stop := open(t, site.config(plan.Folder))
	sent(t, s)
	stop()
	t.Logf("%d power cuts: %d readings stored", powerCuts, check(t, site.hub, acked))
}
