package clustertest

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
)

// Mount returns the folder of a small disk of its own, in memory, or skips the test where that takes rights that it
// does not have.
func Mount(tb testing.TB, options string) string {
	tb.Helper()
	dir := tb.TempDir()
	if err := disk.MountMemory(dir, options); err != nil {
		tb.Skipf("cannot mount a disk of its own: %v", err)
	}
	tb.Cleanup(func() { // it goes even if a failed test left files open
		if err := disk.UnmountMemory(dir); err != nil {
			tb.Errorf("umount: %v", err)
		}
	})
	return dir
}

// Fill leaves no room on the disk, and returns the file to remove to make room again.
func Fill(tb testing.TB, dir string) string {
	tb.Helper()
	junk, err := disk.FillMemory(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return junk
}

const powerDiskBytes = 4 << 30 // of which the image has only what was written

// PowerDisk is a disk in a file, whose power can be cut. It is never one of the machine's own.
type PowerDisk struct {
	tb   testing.TB
	disk disk.Disk
}

// NewPowerDisk makes one, or skips the test with the reason.
func NewPowerDisk(tb testing.TB) *PowerDisk {
	tb.Helper()
	if reason := disk.Missing(); reason != "" {
		tb.Skipf("cannot make a disk whose power can be cut: %s", reason)
	}
	at := tb.TempDir()
	d := &PowerDisk{tb, disk.Disk{Image: filepath.Join(at, "image"), Dir: filepath.Join(at, "mnt"), Bytes: powerDiskBytes}}
	tb.Cleanup(func() { _ = d.disk.Remove() }) // the folder goes with the test
	if err := d.disk.Make(); err != nil {
		tb.Fatal(err)
	}
	return d
}

// Dir is where it is mounted.
func (d *PowerDisk) Dir() string { return d.disk.Dir }

// Cut cuts the power. Whatever writes to the disk is to be halted before: see [Halt].
func (d *PowerDisk) Cut() {
	d.tb.Helper()
	if err := d.disk.Cut(); err != nil {
		d.tb.Fatal(err)
	}
}

// Again mounts the disk as it is found after the cut. Nobody may have it open.
func (d *PowerDisk) Again() {
	d.tb.Helper()
	if err := d.disk.Again(); err != nil {
		d.tb.Fatal(err)
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
