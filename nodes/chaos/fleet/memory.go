package fleet

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
)

// memoryBytes is the size of a disk in memory. A gateway that is full takes all of it from the machine.
const memoryBytes = 64 << 20

// Room is a disk that can be filled: one of a node's own, or one in memory.
type Room interface {
	// Fill leaves no room, and Empty has it as before.
	Fill() error
	Empty() error
	// Probe writes a little. Its error says how the disk is.
	Probe() error
}

// Room is the disk of a node that can be filled; false: it has none.
func (f *Fleet) Room(node string) (Room, bool) {
	if d, ok := f.disks[node]; ok {
		return d, true
	}
	m, ok := f.memory[node]
	return m, ok
}

// ownDisks reports whether gateways have disks of their own, of either kind.
func (f *Fleet) ownDisks() bool { return f.config.GatewayDisks || f.config.GatewayMemory }

// makeMemory makes the disks in memory. Nothing of the machine is taken for them that does not end with this process.
func (f *Fleet) makeMemory() error {
	f.memory = map[string]*disk.Memory{}
	if !f.config.GatewayMemory || f.config.GatewayDisks {
		return nil
	}
	for i := range f.config.Gateways {
		name := f.config.Gateway(i + 1)
		m, err := disk.NewMemory(filepath.Join(f.folder, name), memoryBytes)
		if err != nil {
			return fmt.Errorf("make a disk in memory for %s: %w", name, err)
		}
		f.memory[name] = m
	}
	return nil
}

// removeMemory removes the disks in memory, with what is on them.
func (f *Fleet) removeMemory() error {
	var errs error
	for name, m := range f.memory {
		if err := m.Remove(); err != nil {
			errs = errors.Join(errs, fmt.Errorf("remove the disk in memory of %s: %w", name, err))
		}
	}
	return errs
}
