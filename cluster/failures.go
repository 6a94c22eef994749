package cluster

import "log/slog"

// failures sums up what failed for many buses, in one line of the log.
type failures struct {
	count int
	bus   string // the first one
	err   error
}

func (f *failures) add(bus string, err error) {
	if f.count == 0 {
		f.bus, f.err = bus, err
	}
	f.count++
}

func (f *failures) log(log *slog.Logger, what string) {
	if f.count > 0 {
		log.Warn(what, "count", f.count, "bus", f.bus, "error", f.err)
	}
}
