package host

import (
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// opener makes the reader of a sensor for one session: of the thing that stands at
// the * in its name, or of the path. What a reader needs to keep from one poll to
// the next is its own.
type opener func(part, path string) reader

// reader reads a sensor. No value and no error means that none can be known yet.
type reader func(*look) (*roostv1.Value, error)

// of opens a sensor that shows what a source has at the moment.
func of[T any](source func(*look) (T, error), show func(T) *roostv1.Value) opener {
	return func(_, _ string) reader {
		return func(l *look) (*roostv1.Value, error) {
			now, err := source(l)
			if err != nil {
				return nil, err
			}
			return show(now), nil
		}
	}
}

// onVolume opens a sensor of the file system that holds the path.
func onVolume(show func(*disk.UsageStat) *roostv1.Value) opener {
	return func(_, path string) reader {
		volume := func(l *look) (*disk.UsageStat, error) { return l.volume(path) }
		return of(volume, show)("", path)
	}
}

// openProcessor opens the use of all cores together.
func openProcessor(_, _ string) reader {
	var use share
	return func(l *look) (*roostv1.Value, error) {
		now, err := l.processor()
		if err != nil {
			return nil, err
		}
		return known(use.percent(now))
	}
}

// openCore opens the use of one core.
func openCore(core, _ string) reader {
	var use share
	return func(l *look) (*roostv1.Value, error) {
		cores, err := l.cores()
		if err != nil {
			return nil, err
		}
		now, there := cores[core]
		if !there {
			return nil, errAbsent
		}
		return known(use.percent(now))
	}
}

// openTemperature opens one temperature.
func openTemperature(name, _ string) reader {
	return func(l *look) (*roostv1.Value, error) {
		heat, err := l.heat()
		if err != nil {
			return nil, err
		}
		degrees, there := heat[name]
		if !there {
			return nil, errAbsent
		}
		return roostv1.Double(degrees), nil
	}
}

// known returns no value for a number that is not known.
func known(v float64, ok bool) (*roostv1.Value, error) {
	if !ok {
		return nil, nil
	}
	return roostv1.Double(v), nil
}

// Sources of a look, as functions.
func loadAverage(l *look) (*load.AvgStat, error)     { return l.load() }
func memory(l *look) (*mem.VirtualMemoryStat, error) { return l.memory() }
func swap(l *look) (*mem.SwapMemoryStat, error)      { return l.swap() }
func uptime(l *look) (uint64, error)                 { return l.uptime() }
func processes(l *look) (uint64, error)              { return l.processes() }
func heat(l *look) (map[string]float64, error)       { return l.heat() }
func supply(l *look) (battery, error)                { return l.battery() }

// hottest returns the highest temperature.
func hottest(heat map[string]float64) *roostv1.Value {
	var most *roostv1.Value
	for _, degrees := range heat {
		if most == nil || degrees > most.GetDouble() {
			most = roostv1.Double(degrees)
		}
	}
	return most
}
