package fleet

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
)

// dataFolder is where a node keeps its data. On a disk of its own it is below the top, where the file system has what is its own.
func (f *Fleet) dataFolder(name string, own bool) string {
	folder := filepath.Join(f.folder, name)
	if own {
		return filepath.Join(folder, "data")
	}
	return folder
}

// makeDisks makes the disks that nodes have for their own.
func (f *Fleet) makeDisks() error {
	folder, err := filepath.Abs(f.folder)
	if err != nil {
		return err
	}
	f.disks = map[string]disk.Disk{}
	var claims []Claim
	claim := func(name string) {
		d := disk.Disk{Image: filepath.Join(folder, name+".image"), Dir: filepath.Join(folder, name)}
		f.disks[name] = d
		claims = append(claims, Claim{Disk: &d})
	}
	for i := range f.config.Hubs {
		if f.config.HubDisks {
			claim(f.config.Hub(i + 1))
		}
	}
	for i := range f.config.Gateways {
		if f.config.GatewayDisks {
			claim(f.config.Gateway(i + 1))
		}
	}
	if err := f.take(claims); err != nil {
		return err
	}
	var all errgroup.Group
	for name, d := range f.disks {
		all.Go(func() error {
			if err := d.Make(); err != nil {
				return fmt.Errorf("make a disk for %s: %w", name, err)
			}
			return nil
		})
	}
	return all.Wait()
}

// Disk is the disk that a node has for its own; false: it has none.
func (f *Fleet) Disk(node string) (disk.Disk, bool) {
	d, ok := f.disks[node]
	return d, ok
}

// SyncDisks has all that was written so far reach the disks that nodes have for their own: the set-up is not what is tested.
func (f *Fleet) SyncDisks() error {
	for name, d := range f.disks {
		if err := d.Sync(); err != nil {
			return fmt.Errorf("sync the disk of %s: %w", name, err)
		}
	}
	return nil
}
