package cluster

import (
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// byHand is from how many readings on a batch is encoded by hand. Below, what is spent on
// taking the batch apart is more than what is won.
const byHand = 32

// appendBatch appends a batch as protobuf. Readings come by the thousand and are all alike, so
// that writing them by hand takes a fifth of the time of the general encoder: for a single
// busy device that is most of what a gateway has to do. TestReadingsEncoding fails if a
// field of a reading is left out here.
func appendBatch(to []byte, b *roostv1.ReadingBatch) ([]byte, error) {
	if len(b.Readings) < byHand {
		return proto.MarshalOptions{}.MarshalAppend(to, b)
	}
	to, err := proto.MarshalOptions{}.MarshalAppend(to, withoutReadings(b))
	if err != nil {
		return to, err
	}
	var one [128]byte
	body := one[:0]
	for i, r := range b.Readings {
		var ok bool
		if body, ok = appendReading(body[:0], r); !ok {
			return to, roostv1.Errorf(roostv1.ErrInvalid, "reading %d has text that is not UTF-8", b.FirstSequence+uint64(i))
		}
		to = protowire.AppendTag(to, 8, protowire.BytesType)
		to = protowire.AppendBytes(to, body)
	}
	return to, nil
}

// appendReading appends the fields of a reading; false if a text in it is not UTF-8.
func appendReading(to []byte, r *roostv1.Reading) ([]byte, bool) {
	if r == nil {
		return to, true
	}
	ok := utf8.ValidString(r.Resource)
	if r.Resource != "" {
		to = protowire.AppendTag(to, 1, protowire.BytesType)
		to = protowire.AppendString(to, r.Resource)
	}
	if r.Value != nil {
		var valid bool
		to, valid = appendValue(to, r.Value)
		ok = ok && valid
	}
	to = appendNumber(to, 3, uint64(r.Quality))
	to = appendNumber(to, 4, uint64(r.Reason))
	to = appendNumber(to, 5, protowire.EncodeZigZag(r.AcquiredOffsetUs))
	if r.SourceOffsetUs != nil {
		to = protowire.AppendTag(to, 6, protowire.VarintType)
		to = protowire.AppendVarint(to, protowire.EncodeZigZag(*r.SourceOffsetUs))
	}
	return appendNumber(to, 7, uint64(r.VendorCode)), ok
}

// appendNumber appends a number that is left out when it is 0.
func appendNumber(to []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return to
	}
	to = protowire.AppendTag(to, field, protowire.VarintType)
	return protowire.AppendVarint(to, n)
}

// appendValue appends field 2 of a reading. The tags of a value's fields have one byte each.
func appendValue(to []byte, v *roostv1.Value) (_ []byte, ok bool) {
	to = protowire.AppendTag(to, 2, protowire.BytesType)
	switch kind := v.Kind.(type) {
	case *roostv1.Value_Bool:
		return appendVarintValue(to, 1, protowire.EncodeBool(kind.Bool)), true
	case *roostv1.Value_Int:
		return appendVarintValue(to, 2, protowire.EncodeZigZag(kind.Int)), true
	case *roostv1.Value_Uint:
		return appendVarintValue(to, 3, kind.Uint), true
	case *roostv1.Value_Double:
		to = protowire.AppendVarint(to, 1+8)
		to = protowire.AppendTag(to, 4, protowire.Fixed64Type)
		return protowire.AppendFixed64(to, math.Float64bits(kind.Double)), true
	case *roostv1.Value_String_:
		to = protowire.AppendVarint(to, uint64(1+protowire.SizeBytes(len(kind.String_))))
		to = protowire.AppendTag(to, 5, protowire.BytesType)
		return protowire.AppendString(to, kind.String_), utf8.ValidString(kind.String_)
	case *roostv1.Value_Bytes:
		to = protowire.AppendVarint(to, uint64(1+protowire.SizeBytes(len(kind.Bytes))))
		to = protowire.AppendTag(to, 6, protowire.BytesType)
		return protowire.AppendBytes(to, kind.Bytes), true
	}
	return protowire.AppendVarint(to, 0), true // a value without a kind
}

func appendVarintValue(to []byte, field protowire.Number, n uint64) []byte {
	to = protowire.AppendVarint(to, uint64(1+protowire.SizeVarint(n)))
	to = protowire.AppendTag(to, field, protowire.VarintType)
	return protowire.AppendVarint(to, n)
}
