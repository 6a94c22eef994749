package spool

import (
	"cmp"
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxEpochs is of how many epochs of a device the last sequence is remembered.
const maxEpochs = 8

// marks is what must outlive the readings themselves: of each device, up to where it has come, and
// what was dropped and is not declared. It is pure, but for its names in the file.
type marks struct {
	// Stream is when the stream was made that this is about, in nanoseconds.
	Stream  int64                  `json:"stream"`
	Dropped uint64                 `json:"dropped"` // readings, in all
	Devices map[string]*deviceMark `json:"devices"`
}

type deviceMark struct {
	Epochs []epochMark `json:"epochs"` // the oldest first
	Debts  []debt      `json:"debts,omitempty"`
}

type epochMark struct {
	Epoch uint64 `json:"epoch"`
	Last  uint64 `json:"last"`
}

// debt is what is to be declared: sequences from From up to, but not including, To, and polls that were missed.
type debt struct {
	Epoch    uint64 `json:"epoch"`
	From     uint64 `json:"from"`
	To       uint64 `json:"to"`
	Missed   uint64 `json:"missed,omitempty"`
	Profile  string `json:"profile,omitempty"`
	Revision uint64 `json:"revision,omitempty"`
	Gateway  string `json:"gateway,omitempty"`
}

func newMarks() *marks { return &marks{Devices: map[string]*deviceMark{}} }

func (m *marks) of(device string) *deviceMark {
	d := m.Devices[device]
	if d == nil {
		d = &deviceMark{}
		m.Devices[device] = d
	}
	return d
}

// last returns the last sequence of a device under an epoch; 0 if there is none.
func (m *marks) last(device string, epoch uint64) uint64 {
	d := m.Devices[device]
	if d == nil {
		return 0
	}
	for _, e := range d.Epochs {
		if e.Epoch == epoch {
			return e.Last
		}
	}
	return 0
}

// reached notes that all up to a sequence is durable.
func (m *marks) reached(device string, epoch, last uint64) {
	d := m.of(device)
	i, ok := slices.BinarySearchFunc(d.Epochs, epoch, func(e epochMark, epoch uint64) int { return cmp.Compare(e.Epoch, epoch) })
	if ok {
		d.Epochs[i].Last = max(d.Epochs[i].Last, last)
		return
	}
	d.Epochs = slices.Insert(d.Epochs, i, epochMark{epoch, last})
	if len(d.Epochs) > maxEpochs {
		d.Epochs = slices.Delete(d.Epochs, 0, 1)
	}
}

// owe notes that a batch was dropped.
func (m *marks) owe(b *roostv1.ReadingBatch) {
	m.Dropped += uint64(len(b.Readings))
	d := m.of(b.DeviceId)
	if n := len(d.Debts); n > 0 {
		if last := &d.Debts[n-1]; last.Epoch == b.Epoch && last.To == begin(b) {
			last.To, last.Missed = end(b), last.Missed+b.MissedPolls
			last.Profile, last.Revision = b.Profile, b.ProfileRevision
			return
		}
	}
	d.Debts = append(d.Debts, debt{
		Epoch: b.Epoch, From: begin(b), To: end(b), Missed: b.MissedPolls,
		Profile: b.Profile, Revision: b.ProfileRevision, Gateway: b.Gateway,
	})
}

// debts are what a device has to declare.
func (m *marks) debts(device string) []debt {
	if d := m.Devices[device]; d != nil {
		return d.Debts
	}
	return nil
}

// paid notes that a debt was declared. It may have grown since.
func (m *marks) paid(device string, p debt) {
	d := m.Devices[device]
	if d == nil {
		return
	}
	for i := range d.Debts {
		switch x := &d.Debts[i]; {
		case x.Epoch != p.Epoch || x.From != p.From:
		case x.To == p.To && x.Missed == p.Missed:
			d.Debts = slices.Delete(d.Debts, i, i+1)
			return
		default:
			x.From, x.Missed = p.To, x.Missed-p.Missed
			return
		}
	}
}

// declare puts a debt in front of a batch that goes on where it ends; false if it does not.
func (p debt) declare(b *roostv1.ReadingBatch) bool {
	if p.Epoch != b.Epoch || p.To != begin(b) {
		return false
	}
	b.DroppedBefore += p.To - p.From
	b.MissedPolls += p.Missed
	return true
}

// batch is one that only declares.
func (p debt) batch(device string) *roostv1.ReadingBatch {
	return &roostv1.ReadingBatch{
		DeviceId: device, Profile: p.Profile, ProfileRevision: p.Revision, Gateway: p.Gateway, Epoch: p.Epoch,
		FirstSequence: p.To, DroppedBefore: p.To - p.From, MissedPolls: p.Missed, Backfill: true,
	}
}
