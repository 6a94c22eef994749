package hub

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// Reasons that a data folder is refused.
var (
	// ErrFolderInUse: another hub has the folder open.
	ErrFolderInUse = errors.New("data folder in use")
	// ErrNotFolder: there is a file where the folder, or one above it, should be.
	ErrNotFolder = errors.New("not a folder")
	// ErrNotWritable: this process may not write in the folder.
	ErrNotWritable = errors.New("data folder not writable")
	// ErrDiskFull: the disk has no room, or the user's share of it is used up.
	ErrDiskFull = errors.New("disk full")
	// ErrMode: the folder belongs to a hub of another kind.
	ErrMode = errors.New("data folder of another kind of hub")
)

// A mode is a kind of hub: standalone, or "cluster-" and the cluster's name. Each has a
// store of its own below the data folder: a server that joins a cluster with the store
// of one that ran alone takes the streams in it for leftovers and deletes them.
type mode string

const standalone mode = "standalone"

const (
	folderPerm = 0o700
	filePerm   = 0o600
	// room is what must be free on the disk for a hub to open, in bytes. It is little:
	// enough for the server to write down what it has, not to run for long.
	room = 1 << 20
)

// folder is a data folder that this process holds.
type folder struct {
	path  string
	store string // of the streams
	lock  *flock.Flock
}

// claim makes the folder if it is missing, locks it, and checks that it is of the
// mode and can be written to.
func claim(path string, m mode) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find data folder: %w", err)
	}
	f := &folder{
		path:  path,
		store: filepath.Join(path, "js-"+string(m)),
		lock:  flock.New(filepath.Join(path, "lock"), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(filePerm)),
	}
	if err := f.acquire(); err != nil {
		return nil, err
	}
	if err := f.prepare(m); err != nil {
		_ = f.release() // the reason above matters more
		return nil, err
	}
	return f, nil
}

// acquire takes the lock and writes this process's number into it, for whoever
// meets it. The kernel gives the lock up when the process ends, however it ends.
func (f *folder) acquire() error {
	if err := os.MkdirAll(f.path, folderPerm); err != nil {
		return f.explain(err)
	}
	locked, err := f.lock.TryLock()
	if err != nil {
		return f.explain(err)
	}
	if !locked {
		return fmt.Errorf("%w: %s is open in %s: stop that, or choose another folder with --data",
			ErrFolderInUse, f.path, f.holder())
	}
	// The number is only a hint. A disk that is too full for it is found by checkRoom.
	_ = os.WriteFile(f.lock.Path(), []byte(strconv.Itoa(os.Getpid())+"\n"), filePerm)
	return nil
}

// holder names the process that holds the lock, as far as it can be known: some
// systems do not let a locked file be read.
func (f *folder) holder() string {
	content, err := os.ReadFile(f.lock.Path())
	if err != nil {
		return "another process"
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return "another process"
	}
	return fmt.Sprintf("process %d", pid)
}

// release gives the folder up. The lock file stays: if it were removed, two
// processes could lock two files of the same name.
func (f *folder) release() error {
	if err := f.lock.Close(); err != nil {
		return fmt.Errorf("unlock %s: %w", f.path, err)
	}
	return nil
}

func (f *folder) prepare(m mode) error {
	if err := f.checkMode(m); err != nil {
		return err
	}
	if err := os.MkdirAll(f.store, folderPerm); err != nil {
		return f.explain(err)
	}
	return f.checkRoom()
}

// checkMode compares the folder's mode with m, and writes m down in a new folder.
func (f *folder) checkMode(m mode) error {
	path := filepath.Join(f.path, "mode")
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.explain(err)
	}
	switch found := mode(strings.TrimSpace(string(content))); found {
	case m:
		return nil
	case "": // new, or its first hub was killed between making the file and writing it
		return f.explain(os.WriteFile(path, []byte(m+"\n"), filePerm))
	default:
		return fmt.Errorf("%w: %s was written by a hub that runs as %.32q, this one runs as %q: choose another folder with --data",
			ErrMode, f.path, found, m)
	}
}

// checkRoom writes and syncs a file, as the only way to know that one can.
func (f *folder) checkRoom() error {
	probe, err := os.Create(filepath.Join(f.path, ".room"))
	if err != nil {
		return f.explain(err)
	}
	defer os.Remove(probe.Name())
	defer probe.Close()
	content := make([]byte, room)
	_, _ = rand.Read(content) // never fails; zeros would take no room on some disks
	if _, err := probe.Write(content); err != nil {
		return f.explain(err)
	}
	return f.explain(probe.Sync())
}

// explain says what an error from the file system means for the folder; nil for nil.
func (f *folder) explain(err error) error {
	var path *fs.PathError
	switch {
	case err == nil:
		return nil
	case isDiskFull(err):
		return fmt.Errorf("%w: %s needs at least %d MiB: make room on that disk", ErrDiskFull, f.path, room>>20)
	case errors.Is(err, syscall.ENOTDIR) && errors.As(err, &path):
		return fmt.Errorf("%w: %s: move that file away, or choose another folder with --data", ErrNotFolder, path.Path)
	}
	return fmt.Errorf("%w: %w: mend its permissions, or choose another folder with --data", ErrNotWritable, err)
}
