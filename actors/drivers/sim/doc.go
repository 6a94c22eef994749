// Package sim is a driver of simulated devices, in process: hardware to try Roost
// with, and to break on purpose in tests.
//
//	gateway A --session--.
//	                      >-- World -- hardware "pump-1": machinery, faults, log
//	gateway B --session--'          `- hardware "inlet": ...
//
// The hardware belongs to a [World], not to a session: it stays as it is while sessions,
// drivers and gateways come and go. It writes down every action that reaches it
// ([World.Log]), so that a test can judge by what was done, not by what was said.
//
// # Kinds
//
// The address key "kind" says what a device is; without it, the profile's id does.
// [Profiles] has a profile for each: sim-pump, sim-thermostat, sim-valve, sim-sensor. A
// profile of one's own may have a part of what is in these.
//
//	kind        resources to read                     to write                       commands
//	pump        run speed speed.set flow pressure     run speed (ABSOLUTE)           start stop set_speed(rpm)
//	            power volume dosed tripped            speed_up dose (RELATIVE)       speed_up(rpm) dose(ml)
//	                                                  reset_trip (PULSE)             reset_trip self_test
//	thermostat  temperature setpoint mode heating     setpoint mode (ABSOLUTE)       set_setpoint(celsius) set_mode(mode)
//	valve       position position.set opened closed   position (ABSOLUTE)            open close set_position(percent)
//	            stuck                                 open_by (RELATIVE)             open_by(percent) free
//	                                                  free (PULSE)
//	sensor      temperature count
//
// The pump's motor nears its set speed at a fixed rate, and trips when it is set
// above 3000 rev/min for too long; a tripped pump refuses all but to be switched off and
// reset. The valve travels at a fixed rate; a stuck one refuses to move until it is
// freed. self_test has no steps: the driver is given it as a whole, and it answers.
//
// # Address
//
//	key        of          default  meaning
//	kind       all                  pump, thermostat, valve or sensor
//	seed       all         from id  number that decides all chance and noise
//	noise      all         1        scale of the noise of measurements; 0: none
//	push       all                  the device sends all it has this often, and is not polled
//	deliver    all         false    what it sends must be acknowledged, else it is sent again
//	burst      all         1000     rounds that it sends at once when it babbles
//	fence      all         false    refuse actions of an older epoch than the last one's
//	ramp       pump        600      change of speed, rev/min in a second
//	overload   pump        5m       time that it bears to be set above 3000 rev/min
//	ambient    thermostat  15       temperature outside, Cel
//	tau        thermostat  5m       time in which 63 % of a difference are made up for
//	travel     valve       10       change of position, % in a second
//	stuck      valve       false    it is stuck from the start
//	mean       sensor      20       middle of the sine, Cel
//	amplitude  sensor      5        height of the sine, Cel
//	period     sensor      1m       duration of one swing
//	fault.F    all                  schedule of the fault F
//
// A device whose specification has exclusive_session takes one session at a time.
//
// # Faults
//
// A fault is named by the call that it hits (open, poll, push, actuate, close) and what happens:
//
//	fault         calls       what happens                                          did the hardware act?
//	slow          all         it takes so long, or until its context ends           afterwards
//	hang          all         it blocks so long, or for ever, whatever its context  afterwards, if in time
//	panic         all         it panics                                             no
//	error         all         it returns an error, of unknown outcome               no
//	stale         poll push   no samples, and no error                              -
//	bad           poll push   all samples are BAD with SENSOR_FAULT                 -
//	wrong_type    poll push   all values are of a type that is not the profile's    -
//	out_of_range  poll push   all numbers are below their limits                    -
//	babble        push        it sends a burst of rounds at once                    -
//	not_sent      actuate     it returns ErrNotSent                                 no
//	refuse        actuate     it returns ErrRefused                                 no, but wrote it down
//	lost          actuate     the action is done, its answer is lost                yes
//	late          actuate     it blocks like hang, and then acts all the same       yes, late
//	trip          actuate     the pump trips first, and refuses                     no, but wrote it down
//	stick         actuate     the valve gets stuck first, and refuses               no, but wrote it down
//
// Its schedule says which calls it hits, with a comma between several choices:
//
//	always             all of them
//	5%                 each with this probability
//	every 20           the 20th, the 40th, ...
//	3    3..5          the third; the third to the fifth
//	after 10           the eleventh and all after it
//	10s..20s           those in this time
//	after 30s          those after this time
//
// and for slow, hang and late how long: "5% for 2s", "always for 50ms..2s" (evenly
// drawn). A hang without a time lasts until [World.Release]. Calls, and times, count from when the
// hardware was switched on (its first Open, which is call 1 of open) or the fault was
// given, whichever is later, over all sessions. Rounds of a push are the calls of push.
// Two faults can hit one call; they take effect in the order of the table.
//
// # Promises
//
//   - Deterministic: what a device shows, and which calls its faults hit, depends on its
//     seed, the actions, the calls and the time alone. Time is time.Now, so tests
//     use testing/synctest.
//   - Nothing but hang and late ignores its context, and nothing but panic panics.
//   - No goroutine is started.
//
// # Concurrency
//
// A World and a Driver may be used by any number of goroutines. A piece of hardware does one
// thing at a time; its log has the order in which it did them.
package sim
