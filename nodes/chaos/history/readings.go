package history

import (
	"time"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const staleEpoch = wire.CodeStaleEpoch

// Reading is one of a batch. The sequence of a reading is First of the batch plus its place.
type Reading struct {
	Resource string `json:"r"`
	// Value as roostv1.Value.Format writes it; "-": none, for the quality is bad.
	Value string `json:"v"`
	// Count is which read of the device gave it, as the count resource beside it says; 0: not known. It is
	// given with what the device measures only.
	Count uint64 `json:"c,omitempty"`
	// Taken is when it says that it was; only with Count, and of what is stored.
	Taken boottime.Instant `json:"taken,omitempty"`
}

// Batch is what one message of readings holds. The identity of a reading is (device, epoch, sequence).
type Batch struct {
	Device  string `json:"device"`
	Gateway string `json:"gateway"`
	Epoch   uint64 `json:"epoch"`
	// First is the sequence of the first reading. Dropped are those before it that were
	// dropped by policy, and Missed the polls that were skipped: both are declared losses.
	First    uint64    `json:"first"`
	Readings []Reading `json:"readings,omitempty"`
	Dropped  uint64    `json:"dropped,omitempty"`
	Missed   uint64    `json:"missed,omitempty"`
	// Backfill: stored and forwarded later. It is a lane of its own.
	Backfill bool `json:"backfill,omitempty"`
	// Synced: its times are the hub's, and off by ClockError at most. Only of what is stored.
	Synced     bool          `json:"synced,omitempty"`
	ClockError time.Duration `json:"clockErrorNs,omitempty"`
}

// End is the sequence after that of the last reading.
func (b *Batch) End() uint64 { return b.First + uint64(len(b.Readings)) }

// BatchOf returns what is to be remembered of a batch.
func BatchOf(b *roostv1.ReadingBatch) Batch {
	counts := make(map[int64]uint64) // of the reads, by when they were
	for _, r := range b.GetReadings() {
		if r.GetResource() == wire.ResourceCount {
			counts[r.GetAcquiredOffsetUs()] = r.GetValue().GetUint()
		}
	}
	batch := Batch{
		Device: b.GetDeviceId(), Gateway: b.GetGateway(), Epoch: b.GetEpoch(), First: b.GetFirstSequence(),
		Dropped: b.GetDroppedBefore(), Missed: b.GetMissedPolls(), Backfill: b.GetBackfill(),
		Readings: make([]Reading, 0, len(b.GetReadings())),
	}
	for _, r := range b.GetReadings() {
		reading := Reading{Resource: r.GetResource(), Value: r.GetValue().Format()}
		if reading.Resource == wire.ResourceValue {
			reading.Count = counts[r.GetAcquiredOffsetUs()]
		}
		batch.Readings = append(batch.Readings, reading)
	}
	return batch
}

// DatedBatchOf is BatchOf with the times that the readings say.
func DatedBatchOf(b *roostv1.ReadingBatch, clocks Clocks) Batch {
	batch := BatchOf(b)
	batch.Synced = b.GetClockState() == roostv1.ClockState_CLOCK_STATE_SYNCED
	batch.ClockError = b.GetClockError().AsDuration()
	base := clocks.Carry(b.GetBaseTime().AsTime())
	for i, r := range b.GetReadings() {
		if batch.Readings[i].Count > 0 {
			batch.Readings[i].Taken = base.Add(time.Duration(r.GetAcquiredOffsetUs()) * time.Microsecond)
		}
	}
	return batch
}

// Stored tells that a batch is in the hub's stream. The stream is read after the run, so this is what was there
// in the end; At is the hub's time of storing it.
type Stored struct {
	Stamp
	// Sequence in the stream.
	Sequence uint64 `json:"sequence"`
	Batch
}

// Delivered tells that the application was given a batch, cut to what it had not had before: this
// is after duplicates were removed.
type Delivered struct {
	Stamp
	Batch
}

// Acked tells that the hub's acknowledgement of a batch was seen on its way, by a process that was not
// faulted: from there on it must never be lost.
type Acked struct {
	Stamp
	Device string `json:"device"`
	Epoch  uint64 `json:"epoch"`
	First  uint64 `json:"first"`
	// Readings is how many.
	Readings uint64 `json:"readings"`
	// Sequence in the stream.
	Sequence uint64 `json:"sequence"`
	// By is the gateway that said so to somebody on its machine, of its own disk; empty: it was the hub. What only a
	// gateway has said may still be on its way.
	By string `json:"by,omitempty"`
}

// End is the sequence after that of the last reading.
func (a *Acked) End() uint64 { return a.First + a.Readings }

// Backlog tells what is on its way yet. The last one of each holder is from the end of the run.
type Backlog struct {
	Stamp
	// Holder is the gateway whose spool this is, or the name of a consumer.
	Holder string `json:"holder"`
	Sink   bool   `json:"sink,omitempty"`
	// Waiting readings, or messages of a consumer.
	Waiting uint64 `json:"waiting"`
	// Oldest is the age of the oldest.
	Oldest time.Duration `json:"oldestNs,omitempty"`
}
