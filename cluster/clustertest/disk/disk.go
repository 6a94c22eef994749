package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Disk is a file with a file system, and where that is mounted. Both paths are absolute.
type Disk struct {
	Image string `json:"image"`
	Dir   string `json:"dir"`
	// Bytes is its size. The image takes only what was written.
	Bytes int64 `json:"-"`
}

// DefaultBytes is the size of a disk that says none: what a hub wants to be sure of.
const DefaultBytes = 4 << 30

// ErrNotOurs: what is mounted there is no disk of this package's.
var ErrNotOurs = errors.New("not a disk of its own")

// Filler is the file that fills the disk.
func (d Disk) Filler() string { return filler(d.Dir) }

// Empty removes the filler. That there is none is no error.
func (d Disk) Empty() error { return empty(d.Dir) }

func filler(dir string) string { return filepath.Join(dir, "filler") }

func empty(dir string) error {
	if err := os.Remove(filler(dir)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// probe writes and syncs a little, and removes it.
func probe(dir string) (err error) {
	path := filepath.Join(dir, "probe")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	if _, err := file.Write(make([]byte, 64<<10)); err != nil {
		return err
	}
	return file.Sync()
}

// Missing is why this machine cannot make such disks; empty: it can. The first call tries it.
var Missing = sync.OnceValue(func() string {
	if reason := unsupported(); reason != "" {
		return reason
	}
	folder, err := os.MkdirTemp("", "roost-disk-")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = os.RemoveAll(folder) }() // what is left is in a folder for such
	d := Disk{Image: filepath.Join(folder, "image"), Dir: filepath.Join(folder, "disk"), Bytes: 16 << 20}
	if err := errors.Join(try(d), d.Remove()); err != nil {
		return err.Error()
	}
	return ""
})

// try does to a disk all that can be done to one.
func try(d Disk) error {
	if err := d.Make(); err != nil {
		return err
	}
	if err := d.Cut(); err != nil {
		return err
	}
	return d.Again()
}
