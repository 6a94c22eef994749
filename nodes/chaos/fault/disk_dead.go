package fault

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

func diskDeadKind() Kind {
	return Kind{plan.DiskDead, "the disk of a gateway neither reads nor writes; it is stopped, and started on one that does", history.FaultDiskDead, disk.Missing, newDiskDead}
}

// diskDead has the disk fail under a gateway that goes on. As somebody would who comes with a new card, it ends by a
// stop in order, a disk that works, and a start; the old one is found as it was when it failed.
type diskDead struct {
	disks
	said string // what the gateway said in the end
}

func newDiskDead(f *fleet.Fleet, _ plan.Entry, targets []string) Fault {
	return &diskDead{disks: disks{newNodes(f, targets)}}
}

func (d *diskDead) Down() []string { return nil }

func (d *diskDead) Apply(context.Context) error {
	return d.eachDisk(func(_ *fleet.Node, own disk.Disk) error { return own.Cut() })
}

func (d *diskDead) Confirm(context.Context) (string, error) { return d.fails(syscall.EIO) }

func (d *diskDead) Heal(ctx context.Context) error {
	d.said = d.allSay(ctx)
	return errors.Join(d.eachDisk(func(n *fleet.Node, own disk.Disk) error {
		if _, err := n.Stop(stopPatience); err != nil && !errors.Is(err, fleet.ErrNotRunning) {
			return fmt.Errorf("with a disk that has failed: %w", err)
		}
		return own.Again()
	}), d.start(ctx))
}

func (d *diskDead) ConfirmHealed(context.Context) (string, error) {
	works, err := d.works()
	return d.said + "; " + works, err
}
