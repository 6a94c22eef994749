package spool

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"

	"github.com/roost-iot/roost/cluster/durable"
)

// ErrInUse says that another process has the spool.
var ErrInUse = errors.New("spool in use")

const (
	folderPerm = 0o700
	filePerm   = 0o600
	// room is what must be free for the server to begin to write again, in bytes.
	room = 1 << 20
	// reserved is what is kept for the marks while the disk is full; less than room.
	reserved = 256 << 10
)

// folder is what a spool keeps on disk:
//
//	<folder>/lock       held for as long as the spool is open
//	<folder>/js-spool   the embedded server's
//	<folder>/marks      what outlives the readings; see marks
//	<folder>/cursor     how far they were sent; see cursor
//	<folder>/reserve    room for these two when the disk is full
type folder struct {
	path string
	lock *flock.Flock // nil: it could not be locked yet
}

// acquire makes the folder and locks it. The error is ErrInUse if another process has it.
func (f *folder) acquire() error {
	if f.lock != nil {
		return nil
	}
	if err := os.MkdirAll(f.path, folderPerm); err != nil {
		return fmt.Errorf("make the spool's folder: %w", err)
	}
	lock := flock.New(filepath.Join(f.path, "lock"), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(filePerm))
	locked, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the spool's folder: %w", err)
	}
	if !locked {
		return fmt.Errorf("%w: another process runs on %s: stop that, or choose another folder", ErrInUse, f.path)
	}
	f.lock = lock
	return nil
}

func (f *folder) release() error {
	if f.lock == nil {
		return nil
	}
	defer func() { f.lock = nil }()
	return f.lock.Close()
}

func (f *folder) store() string { return filepath.Join(f.path, "js-spool") }

// probe writes and syncs a file, as the only way to know that one can.
func (f *folder) probe() error {
	if err := os.MkdirAll(f.path, folderPerm); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(f.path, ".probe"))
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	content := make([]byte, room)
	_, _ = rand.Read(content) // never fails; zeros would take no room on some disks
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// reserve keeps some room, for what has to be written while the disk is full.
func (f *folder) reserve() error {
	path := filepath.Join(f.path, "reserve")
	if info, err := os.Stat(path); err == nil && info.Size() == reserved {
		return nil
	}
	content := make([]byte, reserved)
	_, _ = rand.Read(content)
	return durable.Fill(path, content, filePerm)
}

// free gives the room free that was kept.
func (f *folder) free() { _ = os.Remove(filepath.Join(f.path, "reserve")) }

// write replaces a file, and returns when that is on disk.
func (f *folder) write(name string, data []byte) error {
	return durable.Write(filepath.Join(f.path, name), data, filePerm)
}

// read reads the JSON that write wrote; false if there is nothing that can be used.
func (f *folder) read(name string, v any) bool {
	data, err := os.ReadFile(filepath.Join(f.path, name))
	return err == nil && json.Unmarshal(data, v) == nil
}

// full reports whether an error says that a disk, or the user's share of it, has no room.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
