//go:build linux

package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
)

// newDisk makes a small one, or skips the test with the reason.
func newDisk(t *testing.T) disk.Disk {
	t.Helper()
	if reason := disk.Missing(); reason != "" {
		t.Skipf("this machine cannot make such disks: %s", reason)
	}
	at := t.TempDir()
	d := disk.Disk{Image: filepath.Join(at, "a disk.image"), Dir: filepath.Join(at, "a disk"), Bytes: 32 << 20}
	t.Cleanup(func() {
		if err := d.Remove(); err != nil || d.Mounted() {
			t.Errorf("it is left: %v", err)
		}
	})
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCut: what was synced is there after a cut, and what was not is lost.
func TestCut(t *testing.T) {
	d := newDisk(t)
	kept, lost := filepath.Join(d.Dir, "kept"), filepath.Join(d.Dir, "lost")
	if err := errors.Join(os.WriteFile(kept, []byte("x"), 0o600), d.Sync(), os.WriteFile(lost, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := d.Probe(); err != nil {
		t.Errorf("a disk that is well: %v", err)
	}
	if err := errors.Join(os.Remove(lost), d.Sync(), os.WriteFile(lost, []byte("x"), 0o600), d.Cut()); err != nil {
		t.Fatal(err)
	}
	if err := d.Probe(); !errors.Is(err, syscall.EIO) {
		t.Errorf("after the cut: %v, want EIO", err)
	}
	if err := d.Again(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(kept); err != nil || string(text) != "x" {
		t.Errorf("what was synced: %q, %v", text, err)
	}
	if _, err := os.Stat(lost); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was not synced is there: %v", err)
	}
}

// TestFill: a full disk takes nothing, and all as before when it is emptied.
func TestFill(t *testing.T) {
	d := newDisk(t)
	if err := d.Fill(); err != nil {
		t.Fatal(err)
	}
	if err := d.Probe(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full: %v, want ENOSPC", err)
	}
	if err := errors.Join(d.Empty(), d.Empty(), d.Probe()); err != nil {
		t.Errorf("emptied: %v", err)
	}
}

// TestNotOurs: the disks of the machine are left alone.
func TestNotOurs(t *testing.T) {
	at := t.TempDir()
	d := disk.Disk{Image: filepath.Join(at, "image"), Dir: filepath.Join(at, "disk")}
	if err := os.Mkdir(d.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Cut(); !errors.Is(err, disk.ErrNotOurs) {
		t.Errorf("cut: %v", err)
	}
	if err := d.Fill(); !errors.Is(err, disk.ErrNotOurs) {
		t.Errorf("fill: %v", err)
	}
	if err := d.Remove(); err != nil {
		t.Errorf("remove what is not there: %v", err)
	}
}
