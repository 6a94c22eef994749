package host

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/net"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// traffic is what went in and out of things since they were made, in bytes.
type traffic struct{ in, out counters }

func readNetwork(ctx context.Context) (traffic, error) {
	nics, err := net.IOCountersWithContext(ctx, true)
	if err != nil {
		return traffic{}, err
	}
	t := newTraffic(len(nics))
	for _, nic := range nics {
		t.add(nic.Name, nic.BytesRecv, nic.BytesSent)
	}
	return t, nil
}

func readDisks(ctx context.Context) (traffic, error) {
	disks, err := disk.IOCountersWithContext(ctx)
	if err != nil {
		return traffic{}, err
	}
	t := newTraffic(len(disks))
	for name, d := range disks {
		t.add(name, d.ReadBytes, d.WriteBytes)
	}
	return t, nil
}

func newTraffic(size int) traffic {
	now := time.Now()
	return traffic{
		in:  counters{at: now, of: make(map[string]uint64, size)},
		out: counters{at: now, of: make(map[string]uint64, size)},
	}
}

func (t traffic) add(name string, in, out uint64) {
	t.in.of[token(name)], t.out.of[token(name)] = in, out
}

func received(l *look) (counters, error)  { t, err := l.network(); return t.in, err }
func sent(l *look) (counters, error)      { t, err := l.network(); return t.out, err }
func diskRead(l *look) (counters, error)  { t, err := l.disks(); return t.in, err }
func diskWrite(l *look) (counters, error) { t, err := l.disks(); return t.out, err }

// flow opens a rate of traffic: of those things that are chosen of all that there
// are, given what stands at the *.
func flow(count func(*look) (counters, error), choose func(all map[string]uint64, part string) map[string]uint64) opener {
	return func(part, _ string) reader {
		var rate meter
		return func(l *look) (*roostv1.Value, error) {
			now, err := count(l)
			if err != nil {
				return nil, err
			}
			if now.of = choose(now.of, part); len(now.of) == 0 {
				return nil, errAbsent
			}
			return known(rate.rate(now))
		}
	}
}

// only chooses the one thing of that name.
func only(all map[string]uint64, name string) map[string]uint64 {
	count, there := all[name]
	if !there {
		return nil
	}
	return map[string]uint64{name: count}
}

// outside chooses the interfaces that lead out of the machine.
func outside(all map[string]uint64, _ string) map[string]uint64 {
	return without(all, func(name string) bool {
		rest, lo := strings.CutPrefix(name, "lo")
		return lo && digits(rest) || strings.HasPrefix(name, "Loopback")
	})
}

// whole chooses the disks: not their partitions, whose traffic is counted in the
// disk's, nor what is made of other disks or of memory.
func whole(all map[string]uint64, _ string) map[string]uint64 {
	return without(all, func(name string) bool {
		for _, made := range []string{"loop", "ram", "zram", "dm-", "md", "sr", "fd"} {
			if rest, ok := strings.CutPrefix(name, made); ok && digits(rest) {
				return true
			}
		}
		return partition(name, all)
	})
}

// partition reports whether a disk is a part of another one: sda1 of sda,
// nvme0n1p2 of nvme0n1.
func partition(name string, all map[string]uint64) bool {
	disk := strings.TrimRightFunc(name, unicode.IsDigit)
	if disk == name {
		return false
	}
	if _, ok := all[disk]; ok {
		return true
	}
	base, ok := strings.CutSuffix(disk, "p")
	_, there := all[base]
	return ok && there
}

func without(all map[string]uint64, left func(name string) bool) map[string]uint64 {
	rest := make(map[string]uint64, len(all))
	for name, count := range all {
		if !left(name) {
			rest[name] = count
		}
	}
	return rest
}

// digits reports whether s has nothing but digits.
func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
