package sim

import (
	"slices"
	"sync"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Record is what simulated hardware wrote down about one action that reached it.
type Record struct {
	// Seq numbers the records of a world, from 1 without gaps.
	Seq uint64
	// At is when the action reached the hardware.
	At time.Time
	// Device is the hardware's id, and Session which of its sessions the action came
	// through, from 1.
	Device  string
	Session uint64
	// The action, as it came.
	CommandID string
	Command   string
	Arguments map[string]*roostv1.Value
	Resource  string
	Value     *roostv1.Value
	Epoch     uint64
	// Refusal is why it was not carried out; empty: it was.
	Refusal string
}

// LogLimit is how many records a world keeps at least. It lets go of older ones.
const LogLimit = 1 << 16

// recorder is the log of a world.
type recorder struct {
	mu      sync.Mutex
	last    uint64 // Seq
	records []Record
}

func (l *recorder) add(r Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	r.Seq = l.last
	if len(l.records) >= 2*LogLimit {
		l.records = slices.Clone(l.records[LogLimit:])
	}
	l.records = append(l.records, r)
}

func (l *recorder) all() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}
