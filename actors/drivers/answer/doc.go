// Package answer tells which command a device has answered, where answers name no command: they come at a topic, and that is all that is
// known of them. Drivers of MQTT use it.
//
// # Promises
//
//   - An answer is a command's only if it can be no other's: while it was waited for, no answer to an earlier command was owed, and no other
//     command waited at the same topic.
//   - An answer is owed by a command that was sent, or may have been, and that ended without one. It is owed until it comes, at most for
//     [Quiet] after the last command that ended so.
//   - When an answer comes that may be owed, all commands that wait are told so: their outcome is unknown. Their own answers are owed then.
//   - An answer that names its command, as those of MQTT 5 can, is that command's, or nobody's.
//
// # What is not promised
//
// A device that says more than one thing to a command, or speaks at the topic of its answers without having been asked, can be
// misunderstood. So can one whose answer comes later than [Quiet] after its command has ended, and one that answers what an earlier process
// has sent. A device whose answers get lost is in doubt for as long as it is sent commands more often than once in [Quiet].
package answer
