// Package findopcua browses what an OPC UA server has, and makes a device of it.
//
// It goes from the Objects folder down, level by level, and leaves out what belongs to the server itself (namespace 0). Variables that have one value
// of a type that Roost has become resources. Which unit they have, and what their range is, is taken from the properties that analog items have (Part 8 of the specification).
//
// Every resource can be read only: whether a repeated write does harm does not show, and must be said by whoever lets it be written. A note says
// which variables the server lets one write.
package findopcua
