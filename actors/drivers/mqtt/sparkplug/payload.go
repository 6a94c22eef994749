package sparkplug

import "time"

// MaxMetrics is how many metrics a payload can have, and properties a metric.
const MaxMetrics = 16384

// Payload is what a message says.
type Payload struct {
	Time    time.Time // zero: it is not said
	Seq     uint8     // of the edge node's messages
	Metrics []Metric
}

// Metric is a metric's value, and in a birth what the metric is. Names are the sender's.
type Metric struct {
	Name       string // empty: only the alias is said
	Alias      uint64
	HasAlias   bool
	Time       time.Time // zero: it is not said
	Type       Type      // zero: it is not said
	Historical bool      // it is of earlier, and not what the metric is now
	Null       bool      // there is no value
	// Quality is the property of that name, by which 192 is good, 500 stale and 0 bad; HasQuality: it is given.
	Quality    int32
	HasQuality bool

	kind kind
	bits uint64 // of a number
	text string
}

// kind is the field that a value is in.
type kind byte

const (
	kindNone kind = iota
	kindInt
	kindLong
	kindFloat
	kindDouble
	kindBool
	kindText
	kindOther
)

// The fields of messages, by their numbers.
const (
	payloadTime, payloadMetrics, payloadSeq, payloadUUID = 1, 2, 3, 4

	metricName, metricAlias, metricTime, metricType, metricHistorical, metricNull, metricProperties = 1, 2, 3, 4, 5, 7, 9

	metricInt, metricLong, metricFloat, metricDouble, metricBool, metricText, metricExtension = 10, 11, 12, 13, 14, 15, 19

	setKeys, setValues = 1, 2

	propertyNull, propertyInt, propertyLong = 2, 3, 4
)

// compressed is the uuid of a payload whose body is another one, compressed.
const compressed = "SPBV1.0_COMPRESSED"

// moment is a time in milliseconds, as Sparkplug has it. What no clock shows is none.
func moment(ms uint64) time.Time {
	const farthest = 253402300799999 // the end of the year 9999
	if ms == 0 || ms > farthest {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}
