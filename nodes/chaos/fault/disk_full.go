package fault

import (
	"context"
	"fmt"
	"syscall"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

func diskFullKind() Kind {
	return Kind{plan.DiskFull, "the disk of a gateway has no room", history.FaultDiskFull, roomMissing, newDiskFull}
}

// roomMissing is why there are no disks that can be filled: either kind is enough.
func roomMissing() string {
	memory := disk.MemoryMissing()
	if memory == "" {
		return ""
	}
	own := disk.Missing()
	if own == "" {
		return ""
	}
	return own + "; " + memory
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

// Claims are the fillers. Those in memory are not on this machine any more when its harness has ended.
func (d *diskFull) Claims() []fleet.Claim {
	var fillers []fleet.Claim
	for _, name := range d.names {
		if own, ok := d.fleet.Disk(name); ok {
			fillers = append(fillers, fleet.Claim{File: own.Filler()})
		}
	}
	return fillers
}

func (d *diskFull) Apply(context.Context) error { return d.eachRoom(fleet.Room.Fill) }

func (d *diskFull) Confirm(context.Context) (string, error) { return d.fails(syscall.ENOSPC) }

func (d *diskFull) Heal(ctx context.Context) error {
	d.said = d.allSay(ctx)
	return d.eachRoom(fleet.Room.Empty)
}

// eachRoom does something to the disks of all nodes at once.
func (d *diskFull) eachRoom(act func(fleet.Room) error) error {
	return d.each(func(n *fleet.Node) error {
		room, ok := d.fleet.Room(n.Name)
		if !ok {
			return fmt.Errorf("%s has no disk of its own", n.Name)
		}
		return act(room)
	})
}

func (d *diskFull) ConfirmHealed(ctx context.Context) (string, error) {
	works, err := d.works()
	return d.said + "; " + works + "; " + d.allSay(ctx), err
}
