// Package roostv1 is the vocabulary of Roost, version 1, and the rules of its words.
//
// The messages come from the .proto files beside this one. What is written by hand
// answers questions about them that everybody must answer alike:
//
//	value     Convert, ParseValue, Format, EqualValues     what a value is
//	reading   CheckReading                                 what it is worth to a profile
//	command   ValidateCommand, MakePlan, BodyEqual         what a command will do
//	fleet     ValidateFleet, ValidateProfile, ValidateDevice
//	policy    Resolve, PollEvery, StaleLimit               what is meant where nothing is said
//	wire      Unmarshal, Marshal                           protobuf or JSON, told apart
//	error     Status, Code, Problem
//
// # Promises
//
// All of it is pure: no I/O, no clock, no state, and the same input gives the same
// output, down to the order of problems and the bytes of JSON. (The entries of
// maps are taken in sorted order.)
//
// Every function takes nil, and messages that nobody validated: what comes from the
// hub may have been written by anyone. No input panics, which fuzz tests keep.
//
// Errors are a [*Status] or a [Problem], and either is a [Code] to errors.Is.
// Their text is valid UTF-8 without control characters, whatever they quote, so that it
// can be printed and sent as it is.
//
// # Limits
//
// Units are checked for their form, not for being UCUM. Whether a driver understands
// a device's address is the driver's to say.
//
// # Concurrency
//
// The functions may be called concurrently, and change no message but the one that
// Unmarshal fills. Some results share memory with their arguments, as they
// say; neither must be changed while the other is in use.
package roostv1
