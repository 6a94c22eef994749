package findmodbus

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors/drivers/discover"
)

// Config says where to look, and how.
type Config struct {
	// Lines are where devices may be: addresses as the driver has them, without units.
	Lines iter.Seq[map[string]string]
	// Total is how many lines these are.
	Total int
	// Units are asked on each line.
	Units []byte
	// Connect is how long a connection may take, Reply an answer, and Pause the rest after it.
	Connect, Reply, Pause time.Duration
	discover.Pace
	// Tell is told how far it is; one call at a time.
	Tell func(discover.Progress)
}

// Find looks until all lines have been asked, or ctx ends. It returns what it has found by then, in the order of lines and units, and how far it
// came. The error is that of a serial port that could not be opened; that nobody is at an address is none. A serial port is left once
// something has answered at one of its speeds.
func Find(ctx context.Context, c Config) ([]Station, discover.Progress, error) {
	s := search{Config: c, tally: discover.NewTally(c.Total*len(c.Units), "units", c.Tell)}
	discover.Sweep(ctx, c.Pace, numbered(c.Lines), s.line)
	slices.SortStableFunc(s.found, func(a, b Station) int {
		return cmp.Or(a.order-b.order, int(a.Unit)-int(b.Unit))
	})
	return s.found, s.tally.Progress(), s.failed
}

// numberedLine is a line and its place.
type numberedLine struct {
	order int
	keys  map[string]string
}

func numbered(lines iter.Seq[map[string]string]) iter.Seq[numberedLine] {
	return func(yield func(numberedLine) bool) {
		n := 0
		for keys := range lines {
			if !yield(numberedLine{n, keys}) {
				return
			}
			n++
		}
	}
}

// search is one run of Find.
type search struct {
	Config
	tally *discover.Tally
	mu    sync.Mutex // guards the rest
	found []Station
	// failed is why a serial port could not be opened.
	failed error
}

// fail notes that a line could not be opened, where that is worth knowing.
func (s *search) fail(l numberedLine, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.keys[serial] != "" && s.failed == nil {
		s.failed = err
	}
}

// settled tells whether something has answered on the same serial port.
func (s *search) settled(l numberedLine) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return l.keys[serial] != "" && slices.ContainsFunc(s.found, func(f Station) bool { return f.Line[serial] == l.keys[serial] })
}

// serial is the key of an address with a serial port.
const serial = "serial"

func (s *search) add(station Station) {
	s.mu.Lock()
	s.found = append(s.found, station)
	s.mu.Unlock()
	s.tally.Found(station.String())
}
