package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ErrFolderInUse says that another gateway has the folder.
var ErrFolderInUse = errors.New("gateway folder in use")

// Folder is what a gateway keeps on disk, and the proof that the process before it has ended: the kernel
// gives its lock up only when that process has, and the folder names the incarnations that
// it had. That holds for one lock in one boot of one machine, so each incarnation is written down
// with these.
//
//	<folder>/lock           held for as long as the gateway runs
//	<folder>/incarnations   a line for each: boot and lock that it was of, and its name
//	<folder>/registry       what is needed to run without the hub, if it is kept; see cluster.Edge
//	<folder>/commands       what was commanded while the hub was away
type Folder struct {
	path  string
	proof string // of boot and lock; empty: there is none
	lock  *flock.Flock
	past  []string
}

const (
	folderPerm = 0o700
	filePerm   = 0o600
)

// OpenFolder makes the folder if it is missing and locks it. The error is ErrFolderInUse if
// another process has it.
func OpenFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, folderPerm); err != nil {
		return nil, fmt.Errorf("make the gateway's folder: %w", err)
	}
	lock := flock.New(filepath.Join(path, "lock"), flock.SetPermissions(filePerm))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the gateway's folder: %w", err)
	}
	if !locked {
		return nil, fmt.Errorf("%w: another gateway runs on %s: stop that, or choose another folder with --data", ErrFolderInUse, path)
	}
	f := &Folder{path: path, proof: proofOf(lock.Path()), lock: lock}
	if f.past, err = f.read(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return f, nil
}

// BootID tells the present boot of this machine from every other; empty where the system does
// not say.
func (f *Folder) BootID() string { return bootID() }

// Path is where the folder is.
func (f *Folder) Path() string { return f.path }

// Ended returns the incarnations that earlier processes had in this boot: all of them have ended.
func (f *Folder) Ended() []string { return f.past }

// Begin writes an incarnation down. It need not be synced: a machine that loses it has booted anew.
func (f *Folder) Begin(incarnation string) error {
	if f.proof == "" {
		return nil // it would prove nothing
	}
	file, err := os.OpenFile(f.incarnations(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, filePerm)
	if err != nil {
		return fmt.Errorf("write down the gateway's incarnation: %w", err)
	}
	_, err = fmt.Fprintf(file, "%s %s\n", f.proof, incarnation)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write down the gateway's incarnation: %w", err)
	}
	return nil
}

// Close gives the folder up.
func (f *Folder) Close() error { return f.lock.Close() }

func (f *Folder) incarnations() string { return filepath.Join(f.path, "incarnations") }

// read returns the incarnations of this boot and lock, and drops the others. A last line that was cut off
// names an incarnation that was never recorded at the hub.
func (f *Folder) read() ([]string, error) {
	content, err := os.ReadFile(f.incarnations())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the gateway's incarnations: %w", err)
	}
	var past []string
	var kept strings.Builder
	lines := bufio.NewScanner(strings.NewReader(string(content)))
	for lines.Scan() {
		proof, incarnation, ok := strings.Cut(lines.Text(), " ")
		if ok && proof == f.proof && f.proof != "" && roostv1.CheckID("incarnation", incarnation) == nil {
			past = append(past, incarnation)
			fmt.Fprintln(&kept, lines.Text())
		}
	}
	if err := os.WriteFile(f.incarnations(), []byte(kept.String()), filePerm); err != nil {
		return nil, fmt.Errorf("write the gateway's incarnations: %w", err)
	}
	return past, nil
}
