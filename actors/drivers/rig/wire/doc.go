// Package wire is the protocol between gateways and simulated hardware, over TCP.
//
//	gateway                                    hardware
//	   | -- Hello gateway, incarnation, version --> |
//	   | <-- Welcome version, idle ---------------- |
//	   | -- Open device --------------------------> |   a session
//	   | <-- Opened session ----------------------- |
//	   | -- Read session, resources --------------> |
//	   | <-- Values ------------------------------- |
//	   | -- Write session, resource, value, ... --> |
//	   | <-- Ack, or Nack code, reason ------------ |
//	   | -- Ping ---------------------------------> |
//	   | <-- Ack ---------------------------------- |
//	   | -- Close session ------------------------> |
//	   | <-- Ack ---------------------------------- |
//
// The gateway asks and the hardware answers. Each request has the number of its call, and the
// answer repeats it, so that many calls can be under way; requests of one session are
// carried out in their order, those of several sessions in any. A connection carries any
// number of sessions, and they end with it. Hello comes first, once. A connection on which nothing
// arrives for Welcome's idle time is closed by the hardware: that is how it finds out that a
// gateway is gone, or stopped, whose kernel still answers.
//
// # Frame
//
//	length   4 bytes, big endian: how many follow, at most MaxFrame
//	kind     1 byte
//	call     uvarint
//	fields   of the message, in the order in which it lists them
//
//	field     is
//	number    uvarint
//	text      uvarint length, that many bytes of UTF-8; at most MaxText
//	list      uvarint count, at most MaxList; its elements
//	value     1 byte type; bool: 1 byte; int: zigzag varint; uint: uvarint;
//	          double: 8 bytes, IEEE 754, big endian; string, bytes: uvarint length, bytes
//
// The types of values are those of roost.v1.ValueType, with 0 for no value. What does not fit
// exactly (a number beyond its field, bytes that are left over) is malformed, and ends the connection.
//
// # Versions
//
// Hello and Welcome have the same layout in all versions. The hardware refuses a version that it
// does not speak with [CodeVersion].
//
// # Concurrency
//
// [Append] and [Parse] are pure. A [Reader] belongs to one goroutine.
package wire
