package disk

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// Filler is the file that fills the disk.
func (m *Memory) Filler() string { return filler(m.path()) }

// Empty removes the filler. That there is none is no error.
func (m *Memory) Empty() error { return empty(m.path()) }

// Probe writes a little. Its error says how the disk is: none, ENOSPC.
func (m *Memory) Probe() error { return probe(m.path()) }

// MemoryMissing is why this process cannot make such disks; empty: it can. The first call tries it.
var MemoryMissing = sync.OnceValue(func() string {
	folder, err := os.MkdirTemp("", "roost-disk-")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = os.RemoveAll(folder) }() // what is left is in a folder for such
	if err := tryMemory(folder); err != nil {
		return err.Error()
	}
	return ""
})

// tryMemory does to such a disk all that is done to one.
func tryMemory(folder string) error {
	m, err := NewMemory(filepath.Join(folder, "disk"), 1<<20)
	if err != nil {
		return err
	}
	return errors.Join(m.tried(), m.Remove())
}
