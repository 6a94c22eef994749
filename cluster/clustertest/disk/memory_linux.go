package disk

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// MountMemory mounts a small disk in memory. Options are those of tmpfs.
func MountMemory(dir, options string) error {
	if err := tool("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir); err != nil {
		return fmt.Errorf("mount a disk in memory: %w", err)
	}
	return nil
}

// UnmountMemory unmounts it, also if files are open there.
func UnmountMemory(dir string) error { return unix.Unmount(dir, unix.MNT_DETACH) }

// FillMemory leaves no room on such a disk, and returns the file to remove to make room again.
func FillMemory(dir string) (string, error) {
	junk := filepath.Join(dir, "junk")
	err := fill(junk, math.MaxInt64)
	return junk, errors.Join(err, full(dir))
}

// full checks that nothing can be written.
func full(dir string) error {
	path := filepath.Join(dir, "probe")
	err := os.WriteFile(path, make([]byte, 64<<10), 0o600)
	_ = os.Remove(path) // it may not have been made
	if !errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("the disk at %s is not full: %v", dir, err)
	}
	return nil
}
