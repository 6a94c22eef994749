// Package argument reads the arguments of a command as they are typed, name=value, by the
// profile of the device that they are for, and conditions and wishes, resource=value, and says what could
// be typed.
//
// What the profile does not know, and what is no value of its type, is passed on as text: the
// gateway refuses it, in the same words for every client, and the refusal is on record.
//
// # Concurrency
//
// The functions are pure and may be called concurrently.
package argument
