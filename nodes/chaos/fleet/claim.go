package fleet

import (
	"errors"
	"fmt"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
)

// Claim is something of this machine that a fleet takes for its own. Who knows it can give it back, also when the fleet has
// been killed.
type Claim struct {
	Disk *disk.Disk `json:"disk,omitempty"`
}

// String tells it for people.
func (c Claim) String() string {
	if c.Disk != nil {
		return "disk " + c.Disk.Dir
	}
	return "nothing"
}

// Undo gives it back, as far as it is there. Whoever uses it must have ended.
func (c Claim) Undo() error {
	var err error
	if c.Disk != nil {
		err = c.Disk.Remove()
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
