// Package rig is the driver of simulated hardware that runs in a process of its own, over TCP.
//
//	gateway A --session--.                  ,-- device rig-1
//	                      >-- hardware ----+--- device rig-2
//	gateway B --session--'   (a process)    `-- ...
//
// Unlike the devices of package sim, which live in the gateway, these outlive every gateway: they
// are there to try what happens when a gateway is killed, stopped or cut off. The protocol is in
// package wire.
//
// # A device
//
//	resource  type    to     what
//	value     double  read   what it measures; it drifts
//	count     uint    read   how often it was read
//	setpoint  double  both   ABSOLUTE
//	dose      double  write  RELATIVE: adds to dosed
//	dosed     double  read   all that was dosed
//	pulse     bool    write  PULSE: adds one to pulses
//	pulses    uint    read   how often it was pulsed
//
// [Profile] has all of these, and the commands set_setpoint, dose and pulse. A profile of one's
// own may have a part of them.
//
// # Address
//
//	key       default  meaning
//	hardware           host:port of the hardware; needed
//	share     false    share one connection with other devices at that host:port
//
// A device whose specification has exclusive_session never shares: its session must end when the
// gateway says so, and nobody else's with it.
//
// # Promises
//
//   - Contexts are kept. A call ends with its context, whatever the hardware does.
//   - ErrNotSent means that no byte of the action was given to the kernel. The context is looked at
//     again right before that. ErrRefused means that the device said no, and did nothing. All else,
//     a broken connection above all, is unknown. Nothing is ever sent twice.
//   - A Close whose context has ended sends nothing. A connection of its own is cut.
//   - A connection that broke is opened anew by the next call, once, under that call's context.
//   - While a session is open, the hardware hears something at least twice in its idle time. If it does not
//     answer for as long, the connection counts as broken.
//
// # What is not promised
//
// Between the last look at the context and the kernel's taking of the bytes a process can be
// stopped; the frame then leaves when it goes on. On a connection that is shared, a Close with an ended
// context leaves the device's session open at the hardware until the connection ends.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines, and so may its sessions. A connection has two
// goroutines, which end with the last session on it.
package rig
