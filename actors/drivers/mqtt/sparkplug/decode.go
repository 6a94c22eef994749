package sparkplug

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

var errCompressed = errors.New("it is compressed, which is not supported: let the edge node send without compression")

// Decode reads a payload. Nothing of it is kept but copies. The error says what is wrong with the bytes.
func Decode(b []byte) (Payload, error) {
	p, err := decode(b)
	if err != nil {
		return Payload{}, fmt.Errorf("the payload is no Sparkplug B: %w", err)
	}
	return p, nil
}

func decode(b []byte) (Payload, error) {
	p := Payload{Metrics: make([]Metric, 0, count(b))}
	err := fields(b, &payloadFields, func(f field) error {
		switch f.number {
		case payloadTime:
			p.Time = moment(f.varint)
		case payloadSeq:
			if f.varint > 255 {
				return fmt.Errorf("its sequence number is %d, beyond 255", f.varint)
			}
			p.Seq = uint8(f.varint)
		case payloadUUID:
			if string(f.bytes) == compressed {
				return errCompressed
			}
		case payloadMetrics:
			if len(p.Metrics) == MaxMetrics {
				return fmt.Errorf("it has more than %d metrics", MaxMetrics)
			}
			p.Metrics = append(p.Metrics, Metric{})
			if err := p.Metrics[len(p.Metrics)-1].decode(f.bytes); err != nil {
				return fmt.Errorf("metric %d: %w", len(p.Metrics)-1, err)
			}
		}
		return nil
	})
	return p, err
}

// count returns how many metrics to make room for: no more than there are.
func count(b []byte) (metrics int) {
	for len(b) > 0 && metrics < MaxMetrics {
		f, _, n, err := next(b)
		if err != nil {
			break
		}
		if f.number == payloadMetrics {
			metrics++
		}
		b = b[n:]
	}
	return metrics
}

func (m *Metric) decode(b []byte) error {
	return fields(b, &metricFields, func(f field) (err error) {
		switch f.number {
		case metricName:
			m.Name, err = textOf(f.bytes)
		case metricAlias:
			m.Alias, m.HasAlias = f.varint, true
		case metricTime:
			m.Time = moment(f.varint)
		case metricType:
			m.Type = Type(min(f.varint, 1<<31))
		case metricHistorical:
			m.Historical = f.varint != 0
		case metricNull:
			m.Null = f.varint != 0
		case metricProperties:
			err = m.decodeProperties(f.bytes)
		default:
			err = m.decodeValue(f)
		}
		return err
	})
}

// decodeValue takes a field if it is a value. The last one counts, as in all of protobuf.
func (m *Metric) decodeValue(f field) (err error) {
	switch f.number {
	case metricInt:
		m.kind, m.bits = kindInt, f.varint&0xffffffff // encoders extend the sign of negative ones, or do not
	case metricLong:
		m.kind, m.bits = kindLong, f.varint
	case metricFloat:
		m.kind, m.bits = kindFloat, f.fixed
	case metricDouble:
		m.kind, m.bits = kindDouble, f.fixed
	case metricBool:
		m.kind, m.bits = kindBool, f.varint
	case metricText:
		m.kind = kindText
		m.text, err = textOf(f.bytes)
	default:
		m.kind = kindOther
	}
	return err
}

// decodeProperties looks for the one property that says something of a value.
func (m *Metric) decodeProperties(b []byte) error {
	at, keys, values := -1, 0, 0
	err := fields(b, &setFields, func(f field) error {
		if f.number == setKeys {
			if string(f.bytes) == "Quality" {
				at = keys
			}
			keys++
		}
		return nil
	})
	if err != nil || at < 0 {
		return err
	}
	return fields(b, &setFields, func(f field) error {
		if f.number != setValues {
			return nil
		}
		values++
		if values-1 != at {
			return nil
		}
		return m.decodeQuality(f.bytes)
	})
}

func (m *Metric) decodeQuality(b []byte) error {
	return fields(b, &propertyFields, func(f field) error {
		switch f.number {
		case propertyInt, propertyLong:
			m.Quality, m.HasQuality = int32(uint32(f.varint)), true
		case propertyNull:
			m.HasQuality = m.HasQuality && f.varint == 0
		}
		return nil
	})
}

func textOf(b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", fmt.Errorf("it has text that is not UTF-8: %q", strings.ToValidUTF8(string(b[:min(len(b), 40)]), "\uFFFD"))
	}
	return string(b), nil
}
