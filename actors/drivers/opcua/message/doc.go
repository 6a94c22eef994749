// Package message reads what OPC UA servers answer, into the types of github.com/gopcua/opcua.
//
// The library's own decoder makes room for as many values as a message says that it has, before it looks for them, which can be two
// thousand million in a message of a few bytes; it panics at arrays of negative length; and it calls itself for each value in a value, until
// the stack ends. Here a list is at most as long as the bytes that are left, results are no more than were asked for, and all parts of a message together are no more
// than a limit: a part that is one byte in the message may take some hundred. Values are in values up to a limit. Nothing panics.
//
// Read are the answers that the driver asks for. Structures in values are passed over, but for those of OPC UA that it knows.
package message
