// Package boottime reads the clock that leases are measured on.
//
//	reality     ----------[ machine sleeps ]---------->
//	wall clock  ---------------------------|-----|---->   is set, forwards and backwards
//	monotonic   ----------|               |----------->   stands still while the machine sleeps
//	boot clock  -------------------------------------->   does neither
//
// A gateway that wakes up must find that its lease has run out meanwhile. So neither the wall
// clock will do nor the monotonic clock, which is what time.Since and every timer of Go use:
// on Linux it does not count the time for which the machine was suspended.
//
//	linux    CLOCK_BOOTTIME
//	darwin   CLOCK_MONOTONIC, which counts sleep there
//	windows  GetTickCount64, which counts sleep, in steps of up to 16 ms
//	others   Go's monotonic clock; CountsSuspend is false, and a machine whose gateways hold
//	         leases must not be suspended
//
// # What is not promised
//
// A hypervisor that stops a guest together with all of its clocks, and one that brings back an
// older image of it, hide that time from every clock inside; package lease says what that means.
//
// # Concurrency
//
// Everything here may be called concurrently.
package boottime
