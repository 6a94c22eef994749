// Package control lets people on a gateway's own machine use what it serves, also while its hub is away:
// HTTP over a Unix socket in the gateway's folder, with protobuf-JSON bodies.
//
//	GET  /v1/devices?after=&limit=                        a StatusResponse
//	GET  /v1/buses?after=&limit=                          a StatusResponse
//	GET  /v1/devices/{id}                                 spec, profile, status, desired
//	GET  /v1/readings?device=&resource=&since=&follow=    a ReadingBatch a line
//	GET  /v1/why/{id}                                     a Story
//	POST /v1/send                                         a SendRequest; the answer is a SendResponse
//
// What fails is answered with a Status, and an HTTP status that fits.
//
// # Who may
//
// The permissions of the files decide: folder and socket are the gateway's user's alone. The user who
// sends a command is asked of the kernel, and written in front of what the command says of its
// sender: nobody can leave it out or be another.
//
// # Bounds
//
// Requests have a size, a number that is worked on at one time, and a time, in which they must have come as a whole
// (TestHalfRequest). Readings are the last that the
// gateway has stored, out of memory of a bounded size. Who reads them too slowly loses some, and is
// told how many; who takes none at all is cut off.
//
// # Concurrency
//
// Open listens, Run serves until its context ends. A Tap may be used by any goroutine. A Client may be used by
// any number of goroutines.
package control
