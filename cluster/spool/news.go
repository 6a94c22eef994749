package spool

import (
	"sync"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxNews bounds the readings that were just stored and not taken yet. What is more is read from the stream.
	maxNews = 32 << 10
	// newsWait is how long a message is waited for that comes before one that is there.
	newsWait = 200 * time.Millisecond
)

// news is what was just stored, so that it need not be read back. Whoever stores puts it in, and one goroutine takes it,
// in the order of the stream. What does not fit, or was stored without being told of, it has read there.
type news struct {
	mu       sync.Mutex
	on       bool
	came     map[uint64]stored // by sequence
	readings int
	behind   bool      // some were left out: they have to be read
	since    time.Time // since when the next one is missing; zero: it is not
}

// listen begins, or ends, to take news.
func (n *news) listen(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.on, n.behind, n.since = on, false, time.Time{}
	n.came, n.readings = map[uint64]stored{}, 0
}

// put puts in a batch that was stored. It is copied: it is its sender's.
func (n *news) put(b *roostv1.ReadingBatch, sequence uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case !n.on || n.behind:
	case n.readings+len(b.Readings) > maxNews:
		n.behind = true
		n.came, n.readings = map[uint64]stored{}, 0
	default:
		n.came[sequence] = stored{sequence: sequence, batch: copied(b), bytes: 64 * len(b.Readings)}
		n.readings += len(b.Readings)
	}
}

// take takes out what comes from a sequence on, with none left out.
func (n *news) take(next uint64) (all []stored) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for ; ; next++ {
		m, ok := n.came[next]
		if !ok {
			break
		}
		n.remove(m)
		all = append(all, m)
	}
	for sequence, m := range n.came { // it is read from the stream already
		if sequence < next {
			n.remove(m)
		}
	}
	if len(all) > 0 || len(n.came) == 0 {
		n.since = time.Time{}
	}
	return all
}

func (n *news) remove(m stored) {
	delete(n.came, m.sequence)
	n.readings -= len(m.batch.Readings)
}

// missing reports whether the next one has to be read.
func (n *news) missing(now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.behind:
		return true
	case len(n.came) == 0:
		return false
	case n.since.IsZero():
		n.since = now
	}
	return now.Sub(n.since) >= newsWait
}

// found says that all was read that there is.
func (n *news) found() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.behind, n.since = false, time.Time{}
}

// none reports whether nothing waits.
func (n *news) none() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.behind && len(n.came) == 0
}

// copied is a batch that may be joined with others: its values are shared, which nobody changes.
func copied(b *roostv1.ReadingBatch) *roostv1.ReadingBatch {
	c := &roostv1.ReadingBatch{
		DeviceId: b.DeviceId, Profile: b.Profile, ProfileRevision: b.ProfileRevision, Gateway: b.Gateway, Epoch: b.Epoch,
		FirstSequence: b.FirstSequence, BaseTime: b.BaseTime, DroppedBefore: b.DroppedBefore, MissedPolls: b.MissedPolls,
		ClockState: b.ClockState, ClockError: b.ClockError, BootId: b.BootId, MonotonicUs: b.MonotonicUs,
		Readings: make([]*roostv1.Reading, len(b.Readings)),
	}
	readings := make([]roostv1.Reading, len(b.Readings)) // one allocation for all
	for i, from := range b.Readings {
		to := &readings[i]
		to.Resource, to.Value, to.Quality, to.Reason = from.Resource, from.Value, from.Quality, from.Reason
		to.AcquiredOffsetUs, to.VendorCode = from.AcquiredOffsetUs, from.VendorCode
		if from.SourceOffsetUs != nil {
			to.SourceOffsetUs = new(*from.SourceOffsetUs)
		}
		c.Readings[i] = to
	}
	return c
}

// came is told of what was stored.
func (f *forwarder) came(b *roostv1.ReadingBatch, sequence uint64) {
	f.news.put(b, sequence)
	f.signal()
}
