// Package spool keeps the readings of a gateway on its own disk until the hub has them.
//
//	devices ----Store----> cluster.Readings ----> embedded server, synced ----.
//	                              |                                           | pages
//	                              | what was just stored                      v
//	                              `------> live lane ----.    .---- backfill lane
//	                                                     v    v      paced, marked
//	                                    sink (cluster.Readings) ----> hub
//
// [Spool.Store] calls done when a batch is synced to this disk; what piles up while one group is synced goes
// with the next sync. From then on it is the spool's to bring to the hub.
//
// Two lanes lead there. What is stored while the hub takes readings is live, and goes at once, from memory. What is there when the hub
// comes back is backfill: it is read from the disk page by page, paced by how fast the hub answers, and never
// held up for. In each lane the batches of a device keep their order, one of each is on its way, and those that go on where
// the last one ends are joined. A batch whose outcome is not known is given again unchanged, under the same id; but what is live
// and fails while the backfill drains is read again in its turn.
//
// What is sent more than a second after it was measured, or under an epoch that is over, is marked backfill in either lane
// (TestLateIsMarked, TestGivenAgainIsMarked). The mark is about the way, and no part of the id. Only while the backfill drains is
// the live lane not marked: what is late then goes in the other (TestOutdatedWhileDraining).
//
// A cursor is written every second, and what the hub has is removed now and then: first the marks are written, which tell how far each device
// came and what it has to declare, then the stream is purged.
//
// # Promises
//
//   - What was acknowledged comes to the hub, and a reader has it once, whenever the process (TestGatewayKilled), the hub
//     (TestHubKilled) or the power (TestPowerCut) goes.
//   - Order is kept, memory stays bounded, and live readings do not wait for the backlog (TestLongOutage).
//   - What is dropped for want of room, or for its age, is the oldest, and is declared to the last reading
//     (TestSizeLimit, TestAgeLimit). What a batch declared is still declared when it was joined (TestDeclarations).
//   - A disk that fails costs what it cannot take while the hub is away, and nothing else: readings go straight to the
//     hub, and through the disk again when it works, without a restart (TestDiskFull, TestDiskFullDrains, TestDiskUnusable).
//   - A device goes on with its sequences after any restart: [Spool.Last] outlives the readings (TestLastOutlivesReadings).
//   - No wall clock of this machine decides anything: ages are by the boot clock, or the hub's.
//
// # Limits
//
// After a crash some batches are sent again, at most what was on its way and what the last second sent: the hub may then have readings twice,
// under other ids, and who reads them with cluster.Client does not see that. Files that are damaged cost what they held;
// that is told, but not declared. While the disk fails, readings that go straight to the hub may overtake
// older ones of the same device. The number of readings that wait is an estimate after a restart with a large backlog.
//
// # Concurrency
//
// Store, Last and Status may be called by any goroutine. One goroutine, the forwarder, owns lanes, flights and the ledger of
// what needs no more sending; the sink's answers and what was just stored reach it under a lock. What it has to wait for
// at the disk is done beside it, in goroutines that give it a function to go on with. Marks are under the spool's own lock. Run
// returns when all of them have ended. Run the sink for longer than the spool.
package spool
