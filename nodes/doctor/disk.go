package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	gopsutil "github.com/shirou/gopsutil/v4/disk"

	"github.com/roost-iot/roost/cluster/lease"
)

const (
	// mostSyncs is how often a block is written and synced, and syncing how long that is done at most.
	mostSyncs = 50
	syncing   = time.Second
	blockSize = 4096
	hanging   = 5 * time.Second
	// leastFree is how much a disk needs to have free.
	leastFree = 256 << 20
)

// disk: what is acknowledged is synced before, so nothing is faster than that.
func disk(_ context.Context, e *examination) Finding {
	if e.Folder == "" {
		return Finding{State: Unknown, Seen: "no folder was named", Mend: "name the one of a hub or gateway on this machine: roost doctor --data FOLDER"}
	}
	took, err := inTime(e.Folder)
	if err != nil {
		return Finding{State: Unsafe, Seen: err.Error(), Mend: "make the folder one that the user of hub and gateway can write to, on a disk that works"}
	}
	f := ok("a sync takes %s", took)
	limit := lease.Terms{}.Interval() / 2
	if took.most > limit {
		f.State, f.Mend = Warning, "use a disk that is faster for a hub: each renewal of a lease is synced"
		f.Seen += fmt.Sprintf(": more than %s, an eighth of the default lease", brief(limit))
	}
	usage, err := gopsutil.Usage(e.Folder)
	if err != nil {
		return f
	}
	f.Seen += fmt.Sprintf("; %d MB are free", usage.Free>>20)
	if usage.Free < leastFree {
		f.State, f.Mend = Warning, "make room: below "+fmt.Sprint(leastFree>>20)+" MB readings may soon not be kept"
	}
	if usage.Fstype == "tmpfs" || usage.Fstype == "ramfs" {
		f.State, f.Mend = Unsafe, "name a folder on a disk with --data"
		f.Seen += "; it is in memory, and gone with the power"
	}
	return f
}

// inTime is syncTimes with an end: a disk that hangs holds up whoever syncs, and nothing can call him back.
func inTime(folder string) (quantiles, error) {
	type result struct {
		took quantiles
		err  error
	}
	done := make(chan result, 1) // written once, maybe when nobody waits any more
	go func() {
		took, err := syncTimes(folder)
		done <- result{took, err}
	}()
	late := time.NewTimer(hanging)
	defer late.Stop()
	select {
	case r := <-done:
		return r.took, r.err
	case <-late.C:
		return quantiles{}, fmt.Errorf("the disk has not synced %d bytes in %v: it hangs", mostSyncs*blockSize, hanging)
	}
}

// syncTimes measures how long it takes to have a block on disk, in a file that it removes.
func syncTimes(folder string) (q quantiles, err error) {
	file, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return quantiles{}, fmt.Errorf("the folder cannot be written to: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	block := make([]byte, blockSize)
	var took []time.Duration
	for end := time.Now().Add(syncing); len(took) < mostSyncs && time.Now().Before(end); {
		began := time.Now()
		_, err := file.WriteAt(block, int64(len(took))*blockSize)
		if err == nil {
			err = file.Sync()
		}
		if err != nil {
			return quantiles{}, fmt.Errorf("the disk failed: %w", err)
		}
		took = append(took, time.Since(began))
	}
	return quantilesOf(took), nil
}
