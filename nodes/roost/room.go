package main

import (
	"context"

	"github.com/shirou/gopsutil/v4/disk"

	"github.com/roost-iot/roost/cluster"
)

// mostReadings is how many bytes of readings are kept on a disk that has the room.
const mostReadings = 1 << 30

// schema is what the streams of a new fleet look like: on a small disk, readings take no more than half
// of what is free. A fleet that is there keeps what it has.
func schema(ctx context.Context, folder string) cluster.Schema {
	usage, err := disk.UsageWithContext(ctx, folder)
	if err != nil {
		return cluster.Schema{}
	}
	return cluster.Schema{ReadingsMaxBytes: int64(min(mostReadings, max(usage.Free/2, 1<<20)))}
}
