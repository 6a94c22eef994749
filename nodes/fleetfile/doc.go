// Package fleetfile reads fleet files: YAML that is the protobuf message
// roost.v1.Fleet. JSON is YAML, so what protobuf writes as JSON can be read too.
//
//	bytes --syntax--> tree of nodes with positions --decode--> Fleet --rules--> Fleet
//	                  |                              |                 |
//	                  `- the first problem           `- all problems   `- all problems, found in the tree by their paths
//
// # Beyond protobuf's JSON
//
//	field           what can be written
//	any             its name with underscores or in camel case: poll_interval, pollInterval
//	enum            the full name, or its last part in any case: ACCESS_READ_WRITE, read_write
//	duration        90s, 1m30s, 200ms; a unit is needed
//	value           a plain scalar: 900, 0.5, true, text; or the message: {double: 900}
//	text            a number or a truth stands for its text: port: 502
//	empty or null   the field is not set
//
// Anchors and aliases work; merge keys (<<) do not.
//
// # Promises
//
//   - Nothing is ignored: an unknown field, a key that is there twice, a second
//     document are errors. Kept by TestProblems.
//   - Every problem of the file comes in one error, in the order of the file, with line and
//     column. Kept by TestAllProblemsAtOnce. A fleet's rules are checked only for what could be read, so
//     that no problem is told which only follows from another.
//   - What roostv1.WithCheck finds, such as what a driver says of an address, is told like all else, at the key that is meant. Kept
//     by TestDriversJudgeFleetFiles of package gateway.
//   - No input panics or takes memory without bound. Kept by FuzzParse and TestHostileFiles.
//
// # Limits
//
// A file has at most MaxSize bytes.
//
// # Concurrency
//
// The functions keep no state and may be called concurrently.
package fleetfile
