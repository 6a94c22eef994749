package clustertest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Mount returns the folder of a small disk of its own, in memory, or skips the test where that takes rights that it
// does not have.
func Mount(tb testing.TB, options string) string {
	tb.Helper()
	dir := tb.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		tb.Skipf("cannot mount a disk of its own (%v: %s)", err, strings.TrimSpace(string(out)))
	}
	tb.Cleanup(func() { // lazily, so that it goes even if a failed test left files open
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			tb.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// Fill leaves no room on the disk, and returns the file to remove to make room again.
func Fill(tb testing.TB, dir string) string {
	tb.Helper()
	junk, err := os.Create(filepath.Join(dir, "junk"))
	if err != nil {
		tb.Fatal(err)
	}
	defer junk.Close()
	for err == nil {
		_, err = junk.Write(make([]byte, 4<<10))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		tb.Fatal(err)
	}
	return junk.Name()
}

const (
	// ext4Shutdown stops a file system at once: nothing more reaches the disk, also not what it has in its log.
	ext4Shutdown   = 0x8004587d
	noFlushAtAll   = 2
	powerDiskBytes = 4 << 30 // of which the image has only what was written
)

// PowerDisk is a disk in a file, whose power can be cut. It is never one of the machine's own.
type PowerDisk struct {
	tb         testing.TB
	image, dir string
}

// NewPowerDisk makes one, or skips the test with the reason.
func NewPowerDisk(tb testing.TB) *PowerDisk {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("only root can mount a disk, and cut its power")
	}
	at := tb.TempDir()
	d := &PowerDisk{tb, filepath.Join(at, "image"), filepath.Join(at, "mnt")}
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

// Dir is where it is mounted.
func (d *PowerDisk) Dir() string { return d.dir }

func (d *PowerDisk) mount() (string, error) {
	out, err := exec.Command("mount", "-o", "loop", d.image, d.dir).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// Cut cuts the power. Whatever writes to the disk is to be halted before: see [Halt].
func (d *PowerDisk) Cut() {
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

// Again mounts the disk as it is found after the cut. Nobody may have it open.
func (d *PowerDisk) Again() {
	d.tb.Helper()
	if out, err := exec.Command("umount", d.dir).CombinedOutput(); err != nil {
		d.tb.Fatalf("umount: %v: %s", err, out)
	}
	if out, err := d.mount(); err != nil {
		d.tb.Fatalf("mount after the cut: %v: %s", err, out)
	}
}

// Halt stops a child process in the middle of what it does. The power goes for the processor, too: what would be said
// after the disk has stopped, nobody hears.
func Halt(tb testing.TB, p *os.Process) {
	tb.Helper()
	if err := p.Signal(unix.SIGSTOP); err != nil {
		tb.Fatal(err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(p.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
		tb.Fatalf("the process does not stop: %v, %v", status, err)
	}
}

// Halt halts the process of a hub. Kill ends it.
func (h *Hub) Halt() {
	h.tb.Helper()
	p, ok := h.run.(*process)
	if !ok || p.cmd == nil {
		h.tb.Fatal("the hub has no process of its own that runs")
	}
	Halt(h.tb, p.cmd.Process)
}
