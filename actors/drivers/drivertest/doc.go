// Package drivertest judges a driver by the contract of package actors. A driver's
// own test calls it once for each kind of device:
//
//	func TestContract(t *testing.T) {
//		drivertest.Run(t, driver, device, drivertest.Options{
//			Actions: []actors.Action{{Resource: "speed", Value: roostv1.Double(900)}},
//		})
//	}
//
// # Rules
//
//	check     a Checker takes the device, and refuses none and bad ones with ErrInvalid
//	open      Open succeeds, and its session is what the profile calls for; it
//	          works on after Open's context has ended
//	deadline  every call returns soon after its context has ended, also when it
//	          had ended before
//	poll      samples are only of what was asked, of the profile's types, with a
//	          value or BAD, not from the future; at least one is good
//	push      likewise; Push goes on when samples are not taken, and ends with its context
//	actuate   good actions succeed; bad ones are refused with ErrRefused or
//	          ErrNotSent; under a context that had ended nothing is sent
//	silent    an action that is not answered is neither ErrNotSent nor ErrRefused
//	away      a device that is not there is an error in time, and has no values
//	many      many devices opened, polled and closed concurrently
//	close     Close returns and no goroutine is left, also of a session that was never used,
//	          and while a call runs on it
//	unchanged the device's messages are as they were
//
// No rule waits longer than the Options say, except that a driver under test has to
// be given time to end its goroutines. Run may be called inside a bubble of
// testing/synctest for drivers without real input and output; then nothing waits at all.
//
// # Limits
//
// A goroutine is found to be left by the profiler labels that it inherits from the
// call that started it; one that changes its labels is not found.
package drivertest
