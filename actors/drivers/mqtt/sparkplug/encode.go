package sparkplug

import (
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Encode returns the bytes of a payload without a sequence number, as those are that edge nodes are commanded with.
func Encode(at time.Time, metrics ...Metric) []byte {
	b := appendVarint(nil, payloadTime, uint64(at.UnixMilli()))
	for i := range metrics {
		b = protowire.AppendTag(b, payloadMetrics, protowire.BytesType)
		b = protowire.AppendBytes(b, metrics[i].encode())
	}
	return b
}

// EncodeSeq is Encode with a sequence number, as what edge nodes send has one.
func EncodeSeq(at time.Time, seq uint8, metrics ...Metric) []byte {
	return appendVarint(Encode(at, metrics...), payloadSeq, uint64(seq))
}

func (m *Metric) encode() []byte {
	var b []byte
	if m.Name != "" {
		b = appendText(b, metricName, m.Name)
	}
	if m.HasAlias {
		b = appendVarint(b, metricAlias, m.Alias)
	}
	if !m.Time.IsZero() {
		b = appendVarint(b, metricTime, uint64(m.Time.UnixMilli()))
	}
	if m.Type != 0 {
		b = appendVarint(b, metricType, uint64(m.Type))
	}
	if m.Historical {
		b = appendVarint(b, metricHistorical, 1)
	}
	if m.Null {
		return appendVarint(b, metricNull, 1)
	}
	return m.encodeValue(b)
}

func (m *Metric) encodeValue(b []byte) []byte {
	switch m.kind {
	case kindInt:
		return appendVarint(b, metricInt, m.bits&math.MaxUint32)
	case kindLong:
		return appendVarint(b, metricLong, m.bits)
	case kindFloat:
		return protowire.AppendFixed32(protowire.AppendTag(b, metricFloat, protowire.Fixed32Type), uint32(m.bits))
	case kindDouble:
		return protowire.AppendFixed64(protowire.AppendTag(b, metricDouble, protowire.Fixed64Type), m.bits)
	case kindBool:
		return appendVarint(b, metricBool, m.bits)
	case kindText:
		return appendText(b, metricText, m.text)
	}
	return b
}

func appendVarint(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func appendText(b []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), text)
}
