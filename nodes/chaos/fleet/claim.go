package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/netns"
)

// Claim is something of this machine that a fleet takes for its own. Who knows it can give it back, also when the fleet has
// been killed.
type Claim struct {
	Disk    *disk.Disk   `json:"disk,omitempty"`
	Network *netns.Names `json:"network,omitempty"`
	File    string       `json:"file,omitempty"`
}

// String tells it for people.
func (c Claim) String() string {
	switch {
	case c.Disk != nil:
		return "disk " + c.Disk.Dir
	case c.Network != nil:
		return "network " + c.Network.Link
	case c.File != "":
		return "file " + c.File
	}
	return "nothing"
}

// Undo gives it back, as far as it is there. Whoever uses it must have ended.
func (c Claim) Undo() error {
	var err error
	if c.Disk != nil {
		err = c.Disk.Remove()
	}
	if c.Network != nil {
		err = errors.Join(err, c.Network.Remove())
	}
	if c.File != "" {
		if gone := os.Remove(c.File); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		return fmt.Errorf("give back %v: %w", c, err)
	}
	return nil
}

// take has claims written down, and only then is anything made.
func (f *Fleet) take(claims []Claim) error {
	if len(claims) == 0 {
		return nil
	}
	f.claims = append(f.claims, claims...)
	return f.config.Claim(claims)
}

// giveBack gives back all that was taken, the last first.
func (f *Fleet) giveBack() error {
	var errs error
	for i := len(f.claims) - 1; i >= 0; i-- {
		errs = errors.Join(errs, f.claims[i].Undo())
	}
	return errs
}
