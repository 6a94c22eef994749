// Package doctor looks at a fleet, and at the machine that it runs on, and says what is unsafe there and
// how to mend it.
//
//	Examine --> hub, version, max_payload, exposure, sync      what the server is
//	        --> streams, direct gets, replicas                 what it holds
//	        --> link, writes                                   how far away it is, against the lease
//	        --> gateways, versions, clocks, spools             who serves
//	        --> devices, placement, commands                   what is served
//	        --> permissions, disk                              what this credential and this machine can
//
// Each check is a function that ends in one [Finding]. A check that cannot find out says so and why; it neither fails
// nor is left out. Nothing is changed anywhere, but for what is measured by writing: a record at the hub
// that is gone after a minute, and a file in the folder that is named.
//
// # Promises
//
//   - A healthy fleet has no finding that is worse than UNKNOWN, and what is broken is found.
//     [TestHealthy], and a test for each check.
//   - A hub that is away is a finding: what can be looked at without it is. [TestHubAway]
//   - It ends with its context, and a little. [TestTimeIsBounded]
//
// # Not promised
//
// Whether a hub syncs what it acknowledges cannot be seen from outside. A hub of roost hub is known by its name.
//
// # Concurrency
//
// Examine does one thing after the other, so that nothing disturbs what is measured. Examinations may run
// side by side.
package doctor
