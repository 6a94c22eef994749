package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// disks are the nodes that a fault is done to, and the disks that they have for their own.
type disks struct{ nodes }

// of returns the disk of a node.
func (d *disks) of(n *fleet.Node) (disk.Disk, error) {
	own, ok := d.fleet.Disk(n.Name)
	if !ok {
		return own, fmt.Errorf("%s has no disk of its own", n.Name)
	}
	return own, nil
}

// eachDisk does something to all nodes and their disks at once.
func (d *disks) eachDisk(act func(*fleet.Node, disk.Disk) error) error {
	return d.each(func(n *fleet.Node) error {
		own, err := d.of(n)
		if err == nil {
			err = act(n, own)
		}
		return err
	})
}

// fails checks that each disk takes nothing, and each gateway runs all the same.
func (d *disks) fails(want syscall.Errno) (string, error) {
	var seen []string
	for _, name := range d.names {
		own, _ := d.fleet.Room(name) // Apply had one
		if err := own.Probe(); !errors.Is(err, want) {
			return "", fmt.Errorf("a write to the disk of %s: %v, and not %w", name, err, want)
		}
		if _, runs := d.fleet.Node(name).PID(); !runs {
			return "", fmt.Errorf("%s has ended: %w", name, fleet.ErrNotRunning)
		}
		seen = append(seen, fmt.Sprintf("a write to the disk of %s: %v", name, want))
	}
	return strings.Join(seen, ", "), nil
}

// allSay is what all gateways say of their disks at this moment.
func (d *disks) allSay(ctx context.Context) string {
	var said []string
	for _, name := range d.names {
		said = append(said, fmt.Sprintf("%s says of its disk: %s", name, d.says(ctx, name)))
	}
	return strings.Join(said, ", ")
}

// says is what a gateway says of its disk.
func (d *disks) says(ctx context.Context, gateway string) string {
	status, err := d.fleet.Status(ctx, gateway)
	if err != nil {
		return "nothing"
	}
	word := strings.ToLower(strings.TrimPrefix(status.GetSpool().GetState().String(), "SPOOL_STATE_"))
	if status.GetSpool().GetState() != roostv1.SpoolState_SPOOL_STATE_OK && status.GetSpool().GetError() != "" {
		word += " (" + status.GetSpool().GetError() + ")"
	}
	return word
}

// works checks that each disk takes what is written.
func (d *disks) works() (string, error) {
	for _, name := range d.names {
		own, ok := d.fleet.Room(name)
		if !ok {
			continue // nothing was done to it
		}
		if err := own.Probe(); err != nil {
			return "", fmt.Errorf("a write to the disk of %s: %w", name, err)
		}
	}
	up, err := d.up()
	return "the disk works; " + up, err
}
