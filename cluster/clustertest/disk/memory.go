package disk

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// Memory is a small disk in memory, which can be filled. Nobody needs to be root for it where the kernel lets users have
// namespaces of their own. It is there for as long as the process that has made it, or until [Memory.Remove], and what is
// on it is seen by processes of the same user only. That something was synced says nothing there.
type Memory struct {
	dir    string
	folder *os.File // what holds it: it is mounted nowhere
}

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
