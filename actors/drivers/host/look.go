package host

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/shirou/gopsutil/v4/sensors"
)

// errAbsent is for what this machine does not have.
var errAbsent = errors.New("there is none on this machine")

// look is one look at the machine: each of its sources is read when it is first
// asked for, and then stays the same.
type look struct {
	processor func() (work, error)
	cores     func() (map[string]work, error)
	load      func() (*load.AvgStat, error)
	memory    func() (*mem.VirtualMemoryStat, error)
	swap      func() (*mem.SwapMemoryStat, error)
	disks     func() (traffic, error)
	network   func() (traffic, error)
	uptime    func() (uint64, error)
	processes func() (uint64, error)
	heat      func() (map[string]float64, error)
	battery   func() (battery, error)
	volume    func(path string) (*disk.UsageStat, error)
}

// newLook returns a look that reads under ctx.
func newLook(ctx context.Context, p place, v *volumes) *look {
	ctx = p.in(ctx)
	return &look{
		processor: sync.OnceValues(func() (work, error) { return readProcessor(ctx) }),
		cores:     sync.OnceValues(func() (map[string]work, error) { return readCores(ctx) }),
		load:      sync.OnceValues(func() (*load.AvgStat, error) { return readLoad(ctx) }),
		memory:    sync.OnceValues(func() (*mem.VirtualMemoryStat, error) { return mem.VirtualMemoryWithContext(ctx) }),
		swap:      sync.OnceValues(func() (*mem.SwapMemoryStat, error) { return mem.SwapMemoryWithContext(ctx) }),
		disks:     sync.OnceValues(func() (traffic, error) { return readDisks(ctx) }),
		network:   sync.OnceValues(func() (traffic, error) { return readNetwork(ctx) }),
		uptime:    sync.OnceValues(func() (uint64, error) { return host.UptimeWithContext(ctx) }),
		processes: sync.OnceValues(func() (uint64, error) { return readProcesses(ctx) }),
		heat:      sync.OnceValues(func() (map[string]float64, error) { return readHeat(ctx) }),
		battery:   sync.OnceValues(func() (battery, error) { return readBattery(p.sysfs()) }),
		volume:    func(path string) (*disk.UsageStat, error) { return v.usage(ctx, path) },
	}
}

func readProcessor(ctx context.Context) (work, error) {
	times, err := cpu.TimesWithContext(ctx, false)
	if err != nil || len(times) == 0 {
		return work{}, errors.Join(errAbsent, err)
	}
	return workOf(times[0]), nil
}

func readCores(ctx context.Context) (map[string]work, error) {
	times, err := cpu.TimesWithContext(ctx, true)
	if err != nil || len(times) == 0 {
		return nil, errors.Join(errAbsent, err)
	}
	cores := make(map[string]work, len(times))
	for _, t := range times {
		cores[strings.TrimPrefix(t.CPU, "cpu")] = workOf(t)
	}
	return cores, nil
}

func workOf(t cpu.TimesStat) work {
	busy := t.User + t.System + t.Nice + t.Irq + t.Softirq + t.Steal
	if runtime.GOOS != "linux" {
		// Linux counts guests as part of user and nice already.
		busy += t.Guest + t.GuestNice
	}
	return work{busy: busy, all: busy + t.Idle + t.Iowait}
}

func readLoad(ctx context.Context) (*load.AvgStat, error) {
	if runtime.GOOS == "windows" {
		// gopsutil would start a goroutine that nobody owns to imitate one.
		return nil, errAbsent
	}
	return load.AvgWithContext(ctx)
}

// readProcesses counts processes.
func readProcesses(ctx context.Context) (uint64, error) {
	pids, err := process.PidsWithContext(ctx)
	if err == nil && len(pids) == 0 {
		err = errAbsent
	}
	return uint64(len(pids)), err
}

// readHeat returns temperatures by name. Equal names are told apart by a number:
// coretemp_core_0, coretemp_core_0_2.
func readHeat(ctx context.Context) (map[string]float64, error) {
	// The error may speak of some of them only.
	found, err := sensors.TemperaturesWithContext(ctx)
	heat := make(map[string]float64, len(found))
	for _, t := range found {
		name := token(t.SensorKey)
		for i := 2; ; i++ {
			if _, taken := heat[name]; !taken {
				break
			}
			name = fmt.Sprintf("%s_%d", token(t.SensorKey), i)
		}
		if !math.IsNaN(t.Temperature) && !math.IsInf(t.Temperature, 0) {
			heat[name] = t.Temperature
		}
	}
	if len(heat) == 0 {
		return nil, errors.Join(errAbsent, err)
	}
	return heat, nil
}

// token writes a name so that it can be a part of a resource's name.
func token(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.':
			return r
		default:
			return '_'
		}
	}, name)
}
