package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// ext4Shutdown stops a file system at once: nothing more reaches the disk, also not what it has in its log.
	ext4Shutdown = 0x8004587d
	noFlushAtAll = 2
)

func unsupported() string {
	if os.Geteuid() != 0 {
		return "only root can mount a disk"
	}
	return ""
}

// Make makes the disk, and mounts it.
func (d Disk) Make() error {
	size := d.Bytes
	if size == 0 {
		size = DefaultBytes
	}
	if err := errors.Join(os.WriteFile(d.Image, nil, 0o600), os.Truncate(d.Image, size), os.MkdirAll(d.Dir, 0o700)); err != nil {
		return err
	}
	if err := tool("mkfs.ext4", "-q", "-F", d.Image); err != nil {
		return fmt.Errorf("make a file system: %w", err)
	}
	return d.mount()
}

func (d Disk) mount() error {
	if err := tool("mount", "-o", "loop", d.Image, d.Dir); err != nil {
		return fmt.Errorf("mount a file: %w", err)
	}
	return nil
}

// tool runs a program that comes with Linux.
func tool(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Cut cuts the power: what was not synced is lost, and whoever reads or writes is told of an error. Whatever writes to the disk
// is to be halted before: the power goes for the processor, too, and what would be said after that nobody hears.
func (d Disk) Cut() error {
	if !d.Mounted() {
		return fmt.Errorf("cut the power of %s: %w", d.Dir, ErrNotOurs)
	}
	dir, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // it was not written to
	if err := unix.IoctlSetPointerInt(int(dir.Fd()), ext4Shutdown, noFlushAtAll); err != nil {
		return fmt.Errorf("this file system cannot be stopped: %w", err)
	}
	return nil
}

// Again mounts the disk as it is found after the cut. Nobody may have it open.
func (d Disk) Again() error {
	if err := d.unmount(); err != nil {
		return err
	}
	return d.mount()
}

// busyTime is how long the kernel may take to close the files of a process that has ended.
const busyTime = 5 * time.Second

func (d Disk) unmount() error {
	late := time.After(busyTime)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := unix.Unmount(d.Dir, 0)
		if !errors.Is(err, unix.EBUSY) {
			if err != nil {
				return fmt.Errorf("unmount %s: %w", d.Dir, err)
			}
			return nil
		}
		select {
		case <-again.C:
		case <-late:
			return fmt.Errorf("unmount %s: %w: somebody has a file open there", d.Dir, err)
		}
	}
}

// Sync has all that was written reach the disk.
func (d Disk) Sync() error {
	dir, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // it was not written to
	return unix.Syncfs(int(dir.Fd()))
}

// Fill leaves no room: the filler takes all that there is.
func (d Disk) Fill() error {
	if !d.Mounted() {
		return fmt.Errorf("fill %s: %w", d.Dir, ErrNotOurs)
	}
	return fill(d.Filler(), math.MaxInt64)
}

// fill has a file take all the room there is, or most bytes, in ever smaller steps.
func fill(path string, most int64) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	end, step := int64(0), min(int64(256<<20), most)
	for step >= 4<<10 && end < most {
		switch err := unix.Fallocate(int(file.Fd()), 0, end, step); {
		case err == nil:
			end += step
		case errors.Is(err, unix.ENOSPC):
			step /= 2
		case !errors.Is(err, unix.EINTR):
			return fmt.Errorf("fill %s: %w", path, err)
		}
	}
	return nil
}

// Probe writes and syncs a little. Its error says how the disk is: none, ENOSPC, EIO.
func (d Disk) Probe() error { return probe(d.Dir) }

// Mounted reports whether the disk is there: a loop device is mounted at its folder, which is not the disk above it.
func (d Disk) Mounted() bool {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return false
	}
	dir, err := filepath.EvalSymlinks(d.Dir)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 2 && unescape(f[1]) == dir && strings.HasPrefix(f[0], "/dev/loop") && d.backs(f[0]) {
			return true
		}
	}
	return false
}

// backs reports whether the image is behind a loop device.
func (d Disk) backs(device string) bool {
	image, err := filepath.EvalSymlinks(d.Image)
	if err != nil {
		return false
	}
	text, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(device), "loop/backing_file"))
	return err == nil && strings.TrimSpace(string(text)) == image
}

// unescape undoes what the kernel does to blanks in paths.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

// Remove unmounts the disk, and removes it, also if only some of it is there. The loop device goes with the mount.
func (d Disk) Remove() error {
	if d.Mounted() {
		if err := d.unmount(); err != nil {
			// The files of a process that is yet to end close later.
			if err := unix.Unmount(d.Dir, unix.MNT_DETACH); err != nil {
				return fmt.Errorf("unmount %s: %w", d.Dir, err)
			}
		}
	}
	if err := os.Remove(d.Image); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
