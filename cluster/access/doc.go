// Package access is who may use a fleet, and how they prove it: the credential that a gateway or a
// person has in a file, and what a connection to a hub that asks for it needs.
//
//	credential, err := access.Read("ann.creds")
//	tls, err := credential.TLS()
//	options, err := credential.DataOptions() // for nats.Connect(credential.Hub, ...)
//
// A secured hub knows two users of each credential. The data connection is that of streams. Its account
// is the credential's own, so that what JetStream is asked to deliver reaches nobody else. The talk
// connection is that of requests, events and live traffic; its account has no JetStream.
//
// # Promises
//
//   - A file that others can read is refused, with what to do (TestReadRefuses).
//   - No error and no printed, logged or marshalled Credential has a secret in it (TestNothingShowsSeeds).
//   - Writing never replaces a file (TestWriteKeepsWhatIsThere).
//
// # Concurrency
//
// A Credential is not changed once it was read. Its methods may be called by any goroutine.
package access
