// Package console says in a terminal what Roost's messages say: as tables that fit, with
// values in their units, times as ages, and outcomes in plain words.
//
//	DeviceStatus, GatewayStatus, DeviceView --> Table --Write--> Screen
//	ReadingBatch, cluster.Gap               --> Log   ---------> Screen
//	CommandRecord                           --> Outcome, Commands, Command, Steps
//	the records of a fleet command          --> Bar, Tally
//	Event                                   --> Line
//
// # Promises
//
//   - What is shown is clean: whatever a device, a driver or a stranger on the hub has
//     written, no control character reaches the terminal. Kept by FuzzClean.
//   - On a terminal no line of a table is wider than it; what is cut off ends with "…".
//     Kept by TestTableFits. Elsewhere nothing is cut, and nothing is coloured.
//   - Nothing here is rounded for programs: they read the messages themselves, as JSON.
//
// # Concurrency
//
// Nothing is shared: each value is used by one goroutine at a time.
package console
