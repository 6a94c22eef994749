// Package sim is simulated hardware: many devices behind one TCP listener, in a process that outlives
// gateways, and a log of all that was done to them.
//
//	gateway A --TCP--.                 ,-- machine rig-1 --.
//	                  >-- connection --+-- machine rig-2 --+--> truth log
//	gateway B --TCP--'    session          ...             |
//	                                                       v
//	                                       judges: OneDriver, Repeats, PollGaps
//
// What a gateway says of itself proves nothing: it may have been stopped between an act and its
// note of it. The hardware was there. So it writes down each thing that reaches it, before it
// acts, and a test judges by that. The driver is package rig, the protocol package wire, and what a
// device has is in the documentation of rig.
//
// # The truth log
//
// One line of JSON a [Record], each with one write call, and nothing is kept back in the process:
// killing it, or anything else, loses no record of what was done. Records are numbered from 1 in each
// run, and their order is the order of the numbers, of the times and of what was done, over all
// devices. [ReadLog] reads it, also while it is being written, and finds out if anything is missing. Opening
// a log that exists goes on behind what is in it.
//
// # Modes
//
//	fenced             refuses to act under an epoch lower than the highest that it has seen
//	exclusive session  one session at a time: another one is refused while the first lives
//	neither            "dumb": does what anybody says
//
// A session lives until it is closed, its connection ends, or nothing arrives on that for
// [Config].Idle. What has arrived is carried out even if its session has ended since, as by
// real hardware; an exclusive device is free only then.
//
// # Behaviours
//
// A [Behaviour] makes a device slow, lets it decline, or lose answers to what it did; it may crash, babble, say what
// nobody asked for, and be switched off. It is part of the configuration, and can be changed while the hardware runs.
//
// # Promises
//
//   - No act without its record: if the log cannot be written, nothing is done any more and Run
//     returns the error. [TestNothingIsDoneThatCannotBeWrittenDown]
//   - kill -9 of a gateway, or of the hardware, loses no record of what was done.
//     [TestKilledGatewayLosesNoRecord], [TestKilledHardwareLosesNoRecord]
//   - A device that has booted has no sessions; which epoch it has seen, and how often it was read, it has kept.
//     [TestCrash], [TestOff]
//   - A device does one thing at a time, and a slow one delays nobody else.
//     [TestSlowDeviceDelaysNobodyElse]
//   - Deterministic: what a device measures depends on the seed, its id and how often it was read
//     (see [Measured]); whether it declines and loses answers, on these and the number of actions;
//     whether it crashes and babbles, on these and the number of all requests.
//   - It listens on loopback only.
//
// # What is not promised
//
// State is kept in memory: a new run has new hardware, at zero, that has seen no epoch. The log is not synced
// to disk: it survives every process, not a power failure.
//
// # Concurrency
//
// All methods of [Hardware] may be called concurrently; [Hardware.Run] once. Each connection has a
// goroutine; each session has one while there is something to do. The judges are pure.
package sim
