package main

import (
	"io/fs"
	"path/filepath"

	"github.com/shirou/gopsutil/v4/disk"

	"github.com/roost-iot/roost/cluster/spool"
)

// spool is where a gateway keeps its readings until the hub has them.
func (c *gatewayCommand) spool(folder string) *spool.Config {
	config := &spool.Config{Folder: filepath.Join(folder, "spool"), MaxBytes: c.spoolBytes, MaxAge: c.spoolAge}
	if config.MaxBytes == 0 {
		config.MaxBytes = spoolRoom(folder, config.Folder)
	}
	return config
}

// spoolRoom is what a spool may have of the disk: the default, or 80 % of what is free beside it.
func spoolRoom(folder, own string) int64 {
	usage, err := disk.Usage(folder)
	if err != nil {
		return 0 // the spool itself finds out what is wrong
	}
	room := (int64(usage.Free) + used(own)) / 10 * 8
	return min(spool.DefaultMaxBytes, max(room, spool.MinBytes))
}

// used is how much a folder takes, nearly.
func used(folder string) (bytes int64) {
	_ = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil // what cannot be looked at is not counted
		}
		if info, err := entry.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
