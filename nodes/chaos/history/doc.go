// Package history is what is known of a run after it: who did what to whom, and when, as written down by
// those who were there.
//
//	hardware  --truth log--.
//	clients   --NDJSON------\
//	sink      --NDJSON-------+--> Load --> History --> checkers
//	watchers  --NDJSON------/
//	gateways  --events-----'  (not to be trusted: they explain, they prove nothing)
//
// Each recorder writes a file of its own: a [Header], and then one line of JSON a [Record], each with one
// write call. [Load] reads the files, and the hardware's truth log, and puts all records in the order of
// their times. [New] makes a [History] of records, with all that was said of a device or a command together.
//
// # Times
//
// All times are of the boot clock ([boottime.Instant]): nanoseconds as CLOCK_BOOTTIME counts them, one clock for all
// processes of a machine until it boots. A file of another boot is refused ([ErrOtherBoot]). What has its
// time from the hub (the record says so) is carried over with a [Clocks], a pair of readings of both clocks.
// Spans are [time.Duration]: nanoseconds in the files.
//
// # When a record was written
//
//	before what it tells   Action, Read (the hardware writes, then acts), Call, and the first step of a Fault
//	after it               Answer, Delivered, Acked, Process, Picture, and all else
//	the hub's own time     Stored, Grant, Lease
//
// So an act and its record lie apart by as long as a process takes from one line to the next.
//
// # The schema
//
// Version [Version]. Every line has "at" and "kind"; what else a kind has are the JSON fields of its type. A reader
// refuses kinds that it does not know: a checker that overlooks something is worse than none.
//
// # Concurrency
//
// A [Writer] may be used by any number of goroutines. A History is not changed once it is made, so
// any number of checkers may read it at a time.
package history
