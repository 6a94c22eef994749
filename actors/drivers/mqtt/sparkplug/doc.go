// Package sparkplug reads and writes the payloads and topics of Eclipse Sparkplug B (spBv1.0), as edge nodes publish them and are commanded. It
// is pure: it has no connection and no state.
//
//	topic, ok := sparkplug.ParseTopic("spBv1.0/Plant/DDATA/Line1/Press")
//	payload, err := sparkplug.Decode(bytes)
//	value, err := payload.Metrics[0].Value(sparkplug.Double)
//
// # What is read
//
// Of a payload its timestamp, its sequence number and its metrics; of a metric its name, alias, timestamp, datatype, whether it is
// historical or null, its property Quality, and its value if it is of the datatypes Int8 to UInt64, Float, Double, Boolean, String, DateTime, Text or UUID. Values of
// other datatypes (DataSet, Template, Bytes, File, arrays) are passed over, and asking for them is an error. So is a number that
// does not fit its datatype. Integers are taken from either of the two fields that encoders put them into, signed ones extended to the
// width of the field or not.
//
// # Promises
//
//   - Nothing panics, whatever the bytes. A payload has at most [MaxMetrics] metrics, and what is kept of it is in proportion to its length.
//     Nothing in it is followed deeper than a metric's properties; groups are refused.
//   - A float's value is the number with the fewest digits that is the same float: 21.1, not 21.100000381469727.
//
// Payloads that are compressed are refused.
//
// # Concurrency
//
// Functions may be called concurrently; values are not changed once they are returned.
package sparkplug
