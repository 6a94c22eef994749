// Command roost runs and uses a fleet of devices: see roost --help.
//
//	roost up                          hub + gateway + devices in one process (standalone)
//	  `- face                         a table on a terminal, else a line for each event
//	roost up --gateways 3             hub in this process (ensemble), gateways and hardware as children (process)
//	roost hub                         the hub alone, one server or one of three
//	roost gateway                     one gateway in one process
//	roost chaos                       a fleet of its own in processes, broken and judged (chaos)
//	roost devices, send, readings...  a client of a hub (link), or with --local of the gateway of this
//	                                  machine (local), which shows what it is told
//	roost discover                    looks for devices, and prints a fleet file of them (discover)
//
// What a gateway has beside it (beside) on its machine is its control socket and where it tells how it does.
//
// There is a file for each verb; what is shown, and how, is in package console, the live table in
// package live, plots in package plot, what breaks and judges a fleet in the packages below chaos, and the
// arguments of commands in package argument.
//
// # Promises
//
//   - What scripts read does not depend on the terminal: --json writes messages of the schema, one a
//     line, and the exit code is one of those in exit.go. Kept by TestSend and its neighbours.
//   - An error is one line on the error output, after "roost: "; those of a fleet file are a
//     line for each problem. Kept by TestUpRefuses and TestFleetFileProblems.
//   - roost up ends within 5 s of being asked to, and loses nothing that was acknowledged, however
//     it ends. Kept by TestStopsInTime and TestAcknowledgedIsKept.
//   - roost hub ends as fast, also when the other two are away or hang. Kept by TestHubOfThree.
//   - No child outlives roost up, whichever of them hangs or is killed. Kept by TestHangingChild and
//     TestChildrenDieWithTheirParent, on Linux; elsewhere a child that hangs may outlive a parent that is killed.
//
// # Concurrency
//
// main has the first signal end the context of the command, and the second one the process. Everything
// else ends with the command that started it.
package main
