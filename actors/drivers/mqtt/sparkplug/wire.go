package sparkplug

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

var errGroup = errors.New("it has a group, which Sparkplug has none of")

// field is one of a message; what it has depends on the wire type.
type field struct {
	number protowire.Number
	varint uint64
	fixed  uint64
	bytes  []byte
}

// schema says which fields of a message are read, by their numbers, and how they are on the wire. Others are passed over.
type schema [20]struct {
	read bool
	wire protowire.Type
}

var (
	varint  = protowire.VarintType
	fixed32 = protowire.Fixed32Type
	fixed64 = protowire.Fixed64Type
	length  = protowire.BytesType

	payloadFields = schema{payloadTime: {true, varint}, payloadMetrics: {true, length}, payloadSeq: {true, varint}, payloadUUID: {true, length}}
	metricFields  = schema{
		metricName: {true, length}, metricAlias: {true, varint}, metricTime: {true, varint}, metricType: {true, varint},
		metricHistorical: {true, varint}, metricNull: {true, varint}, metricProperties: {true, length},
		metricInt: {true, varint}, metricLong: {true, varint}, metricFloat: {true, fixed32}, metricDouble: {true, fixed64}, metricBool: {true, varint},
		metricText: {true, length}, 16: {true, length}, 17: {true, length}, 18: {true, length}, metricExtension: {true, length},
	}
	setFields      = schema{setKeys: {true, length}, setValues: {true, length}}
	propertyFields = schema{propertyNull: {true, varint}, propertyInt: {true, varint}, propertyLong: {true, varint}}
)

// fields calls take for each field of a message that is read.
func fields(b []byte, s *schema, take func(field) error) error {
	for len(b) > 0 {
		f, wire, n, err := next(b)
		if err != nil {
			return err
		}
		b = b[n:]
		if f.number >= protowire.Number(len(s)) || !s[f.number].read {
			continue
		}
		if s[f.number].wire != wire {
			return fmt.Errorf("its field %d is of the wrong kind", f.number)
		}
		if err := take(f); err != nil {
			return err
		}
	}
	return nil
}

// next reads a field, and returns how many bytes it has.
func next(b []byte) (f field, wire protowire.Type, n int, err error) {
	number, wire, n := protowire.ConsumeTag(b)
	if n < 0 {
		return field{}, 0, 0, protowire.ParseError(n)
	}
	f.number = number
	size := 0
	switch wire {
	case protowire.VarintType:
		f.varint, size = protowire.ConsumeVarint(b[n:])
	case protowire.Fixed32Type:
		var v uint32
		v, size = protowire.ConsumeFixed32(b[n:])
		f.fixed = uint64(v)
	case protowire.Fixed64Type:
		f.fixed, size = protowire.ConsumeFixed64(b[n:])
	case protowire.BytesType:
		f.bytes, size = protowire.ConsumeBytes(b[n:])
	default:
		return field{}, 0, 0, errGroup
	}
	if size < 0 {
		return field{}, 0, 0, protowire.ParseError(size)
	}
	return f, wire, n + size, nil
}
