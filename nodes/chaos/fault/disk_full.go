package fault

import (
	"context"
	"syscall"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

func diskFullKind() Kind {
	return Kind{plan.DiskFull, "the disk of a gateway has no room", history.FaultDiskFull, disk.Missing, newDiskFull}
}

// diskFull leaves no room. The gateway goes on; what its disk does not take goes straight to the hub.
type diskFull struct {
	disks
	said string // what the gateway said in the end
}

func newDiskFull(f *fleet.Fleet, _ plan.Entry, targets []string) Fault {
	return &diskFull{disks: disks{newNodes(f, targets)}}
}

func (d *diskFull) Down() []string { return nil }

// Claims are the fillers.
func (d *diskFull) Claims() []fleet.Claim {
	var fillers []fleet.Claim
	for _, name := range d.names {
		if own, ok := d.fleet.Disk(name); ok {
			fillers = append(fillers, fleet.Claim{File: own.Filler()})
		}
	}
	return fillers
}

func (d *diskFull) Apply(context.Context) error {
	return d.eachDisk(func(_ *fleet.Node, own disk.Disk) error { return own.Fill() })
}

func (d *diskFull) Confirm(context.Context) (string, error) { return d.fails(syscall.ENOSPC) }

func (d *diskFull) Heal(ctx context.Context) error {
	d.said = d.allSay(ctx)
	return d.eachDisk(func(_ *fleet.Node, own disk.Disk) error { return own.Empty() })
}

func (d *diskFull) ConfirmHealed(ctx context.Context) (string, error) {
	works, err := d.works()
	return d.said + "; " + works + "; " + d.allSay(ctx), err
}
