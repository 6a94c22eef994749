package cluster

import (
	"crypto/rand"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// checkBatch refuses a batch that has no place in the stream.
func checkBatch(b *roostv1.ReadingBatch) error {
	if b == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "no batch of readings was given")
	}
	if err := roostv1.CheckID("device id", b.DeviceId); err != nil {
		return err
	}
	if b.FirstSequence == 0 {
		return roostv1.Errorf(roostv1.ErrInvalid, "batch of readings of device %s: first_sequence is 0, sequences count from 1", b.DeviceId)
	}
	return nil
}

// appendBatchID appends the id under which the hub knows a batch: a batch that is sent
// again has the same one, and none has that says anything else. Readings may be cut into batches, or joined,
// otherwise after a restart, so both ends are in it, and so is what is declared. Whether it came late is not: that is
// about its way, and a batch that is marked when it is sent again must not be stored a second time. It begins with what
// nobody else can guess: whoever could, might use the id before, and have the hub take the batch for one that it has.
func appendBatchID(to []byte, b *roostv1.ReadingBatch) []byte {
	to = append(to, thisProcess...)
	to = append(append(to, '/'), b.DeviceId...)
	for _, n := range [...]uint64{b.Epoch, b.FirstSequence, end(b)} {
		to = strconv.AppendUint(append(to, '/'), n, 10)
	}
	if b.DroppedBefore > 0 || b.MissedPolls > 0 {
		to = strconv.AppendUint(append(to, '/'), b.DroppedBefore, 10)
		to = strconv.AppendUint(append(to, '/'), b.MissedPolls, 10)
	}
	return to
}

// thisProcess names this run of the process, at random.
var thisProcess = rand.Text()[:16]

// end is the sequence behind the batch's last reading.
func end(b *roostv1.ReadingBatch) uint64 { return b.FirstSequence + uint64(len(b.Readings)) }

// appendPieces appends the batch, in as many pieces as it takes for none to have more
// than limit bytes, and calls emit for each with its bytes and its batch. The
// pieces of a batch are the same every time.
func appendPieces(buf []byte, b *roostv1.ReadingBatch, limit int, emit func(piece *roostv1.ReadingBatch, from, to int)) ([]byte, error) {
	from := len(buf)
	buf, err := appendBatch(buf, b)
	if err != nil {
		return buf[:from], roostv1.Errorf(roostv1.ErrInvalid, "readings of device %s: %v", b.DeviceId, err)
	}
	if len(buf)-from <= limit {
		emit(b, from, len(buf))
		return buf, nil
	}
	if len(b.Readings) <= 1 {
		return buf[:from], roostv1.Errorf(roostv1.ErrInvalid,
			"reading %d of device %s has %d bytes, at most %d can be stored", b.FirstSequence, b.DeviceId, len(buf)-from, limit)
	}
	first, second := halve(b)
	if buf, err = appendPieces(buf[:from], first, limit, emit); err != nil {
		return buf[:from], err
	}
	return appendPieces(buf, second, limit, emit)
}

// late is a batch that is marked to have come late. What it points to is shared.
func late(b *roostv1.ReadingBatch) *roostv1.ReadingBatch {
	marked := withoutReadings(b)
	marked.Readings, marked.Backfill = b.Readings, true
	return marked
}

// halve splits a batch in two that say the same together. What was dropped or missed
// before it, was before the first half.
func halve(b *roostv1.ReadingBatch) (first, second *roostv1.ReadingBatch) {
	middle := len(b.Readings) / 2
	first, second = withoutReadings(b), withoutReadings(b)
	first.Readings, second.Readings = b.Readings[:middle], b.Readings[middle:]
	second.FirstSequence += uint64(middle)
	second.DroppedBefore, second.MissedPolls = 0, 0
	return first, second
}

// withoutReadings returns a batch with all that b says but its readings. What they
// point to is shared.
func withoutReadings(b *roostv1.ReadingBatch) *roostv1.ReadingBatch {
	shell := &roostv1.ReadingBatch{}
	b.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !field.IsList() {
			shell.ProtoReflect().Set(field, v)
		}
		return true
	})
	return shell
}
