package run

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ErrRuns: the harness of a run still runs, so nothing of it is left over.
var ErrRuns = errors.New("the run goes on")

// lock takes the folder of a run: its harness has it for as long as anything of the run may be there, and so has who cleans up
// after it. The kernel gives it up when the process ends, however that ends. The error is ErrRuns if another one has it.
func lock(folder string) (*flock.Flock, error) {
	l := flock.New(filepath.Join(folder, "lock"), flock.SetPermissions(0o600))
	locked, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the folder of the run: %w", err)
	}
	if !locked {
		return nil, fmt.Errorf("%w, for another process has locked %s: end that first", ErrRuns, l.Path())
	}
	return l, nil
}
