//go:build !linux

package disk

import "errors"

// ErrUnsupported: this system has no such disks.
var ErrUnsupported = errors.New("only Linux mounts files as disks whose power can be cut")

// ErrNoMemory: this system has no disks in memory for everybody.
var ErrNoMemory = errors.New("only Linux has disks in memory that users without root can make")

func unsupported() string { return ErrUnsupported.Error() }

// Make makes the disk, and mounts it.
func (d Disk) Make() error { return ErrUnsupported }

// Cut cuts the power.
func (d Disk) Cut() error { return ErrUnsupported }

// Again mounts the disk as it is found after the cut.
func (d Disk) Again() error { return ErrUnsupported }

// Sync has all that was written reach the disk.
func (d Disk) Sync() error { return ErrUnsupported }

// Fill leaves no room.
func (d Disk) Fill() error { return ErrUnsupported }

// Probe writes a little.
func (d Disk) Probe() error { return ErrUnsupported }

// Mounted reports whether the disk is there.
func (d Disk) Mounted() bool { return false }

// Remove unmounts the disk, and removes it.
func (d Disk) Remove() error { return nil }

// Memory is a small disk in memory, which only Linux has.
type Memory struct{}

// NewMemory makes a disk in memory.
func NewMemory(string, int64) (*Memory, error) { return nil, ErrNoMemory }

func (m *Memory) path() string { return "" }

// Fill leaves no room.
func (m *Memory) Fill() error { return ErrNoMemory }

// Remove removes it.
func (m *Memory) Remove() error { return nil }

func (m *Memory) tried() error { return ErrNoMemory }
