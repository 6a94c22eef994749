package control

import (
	"context"
	"sync"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxKept and maxKeptBytes bound the batches that a Tap remembers: whichever is reached first.
	maxKept      = 4096
	maxKeptBytes = 4 << 20
	// maxBehind is how many batches wait for a follower before it loses some.
	maxBehind = 256
	// batchBytes and readingBytes are what a batch and a reading cost in memory, about, besides long texts.
	batchBytes   = 256
	readingBytes = 128
)

// Tap remembers the last batches of readings of a gateway, and hands new ones to those who follow.
type Tap struct {
	mu        sync.Mutex
	kept      []kept // a ring once it is full
	first, n  int    // where the oldest is, and how many there are
	bytes     int
	followers map[*Follower]struct{}
}

// kept is a batch, and what it costs.
type kept struct {
	batch *roostv1.ReadingBatch
	bytes int
}

// NewTap returns a tap that has seen nothing.
func NewTap() *Tap { return &Tap{followers: map[*Follower]struct{}{}} }

// Note takes a batch that was stored. It must not be changed afterwards. Note does not wait.
func (t *Tap) Note(b *roostv1.ReadingBatch) {
	size := sizeOf(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keepLocked(kept{b, size})
	for f := range t.followers {
		f.offer(b)
	}
}

func (t *Tap) keepLocked(k kept) {
	for t.n > 0 && (t.n == maxKept || t.bytes+k.bytes > maxKeptBytes) {
		t.bytes -= t.kept[t.first].bytes
		t.kept[t.first] = kept{}
		t.first, t.n = (t.first+1)%maxKept, t.n-1
	}
	if t.kept == nil {
		t.kept = make([]kept, maxKept)
	}
	t.kept[(t.first+t.n)%maxKept] = k
	t.n, t.bytes = t.n+1, t.bytes+k.bytes
}

// sizeOf is what a batch costs in memory, about.
func sizeOf(b *roostv1.ReadingBatch) int {
	size := batchBytes + readingBytes*len(b.Readings)
	for _, r := range b.Readings {
		switch v := r.GetValue().GetKind().(type) {
		case *roostv1.Value_String_:
			size += len(v.String_)
		case *roostv1.Value_Bytes:
			size += len(v.Bytes)
		}
	}
	return size
}

// Last returns the batches that are remembered, the oldest first.
func (t *Tap) Last() []*roostv1.ReadingBatch {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lastLocked()
}

func (t *Tap) lastLocked() []*roostv1.ReadingBatch {
	last := make([]*roostv1.ReadingBatch, 0, t.n)
	for i := range t.n {
		last = append(last, t.kept[(t.first+i)%maxKept].batch)
	}
	return last
}

// Follow returns the batches that are remembered, and a follower that gets all that come after them.
// device is the only one that it gets; empty: it gets all. The follower is to be closed.
func (t *Tap) Follow(device string) ([]*roostv1.ReadingBatch, *Follower) {
	f := &Follower{tap: t, device: device, ready: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.followers[f] = struct{}{}
	return t.lastLocked(), f
}

// Follower gets batches as they come. Next is for one goroutine at a time.
type Follower struct {
	tap    *Tap
	device string
	ready  chan struct{} // holds a token when there may be something

	mu      sync.Mutex
	waiting []*roostv1.ReadingBatch
	lost    uint64
}

// offer hands it a batch; if too many wait, the oldest is lost.
func (f *Follower) offer(b *roostv1.ReadingBatch) {
	if f.device != "" && b.DeviceId != f.device {
		return
	}
	f.mu.Lock()
	if len(f.waiting) == maxBehind {
		f.waiting[0] = nil
		f.waiting = f.waiting[1:]
		f.lost++
	}
	f.waiting = append(f.waiting, b)
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// Next waits for batches and returns all that are there, and how many were lost before them. The error is
// ctx's.
func (f *Follower) Next(ctx context.Context) (batches []*roostv1.ReadingBatch, lost uint64, _ error) {
	for {
		f.mu.Lock()
		batches, lost = f.waiting, f.lost
		f.waiting, f.lost = nil, 0
		f.mu.Unlock()
		if len(batches) > 0 {
			return batches, lost, nil
		}
		select {
		case <-f.ready:
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		}
	}
}

// Close ends following.
func (f *Follower) Close() {
	f.tap.mu.Lock()
	defer f.tap.mu.Unlock()
	delete(f.tap.followers, f)
}
