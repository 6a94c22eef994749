// Package disk makes disks that can be broken: file systems in files, whose power can be cut, and which can be filled.
//
//	d := disk.Disk{Image: "n1.image", Dir: "n1", Bytes: 1 << 30}
//	d.Make()        // an ext4 of its own, mounted there
//	d.Fill()        // ENOSPC, until the filler is removed
//	d.Cut()         // EIO, and what was not synced is lost
//	d.Again()       // mounted as it was found after the cut
//	d.Remove()
//
// It is never one of the machine's own: [Disk.Cut] refuses what is not mounted where a Disk was. All of this needs root, and
// Linux; [Missing] says why it cannot be had, by trying it. A disk that is only to be full is to be had without root:
//
//	m, err := disk.NewMemory("n1", 64<<20)  // ENOSPC by Fill, and no power to be cut
//
// and [MemoryMissing] says why not.
//
// # Concurrency
//
// A Disk is a name and has no state, a Memory is an open folder: what is done to one disk is to be done by one goroutine at a time.
package disk
