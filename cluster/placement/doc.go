// Package placement says which gateway should own a bus. It is pure: the same gateways and the same bus
// give the same answer on every gateway, in every version and on every machine.
//
//	devices of a bus --> Demand --.
//	                              +--> Field.Eligible --> First, Rank, Ranking
//	live gateways  --> NewField --'                           |
//	                                   ClaimDelay, Vacancy: who claims a free bus, and when
//	                                   Moves, Pace: what an owner hands over, and how fast
//
// Every pair of a gateway and a bus has a number, drawn from a hash of the two: the time that the gateway
// needs for the bus, shorter on average the more it weighs. The fastest should own it. This is
// weighted rendezvous hashing (Thaler and Ravishankar 1998; with -w/ln(u), Schindelhauer and
// Schomaker 2005).
//
// # What is promised
//
//   - Each gateway gets its share of the buses, by weight, up to chance: of n buses with a share p
//     about n*p, with a standard deviation of the square root of n*p*(1-p). TestShares.
//   - A gateway that joins moves buses only to itself, one that leaves only its own, and a change of
//     weight only to or from the gateway that it concerns. TestMovement.
//   - Owners that hand over at their pace come to an end, each bus moves once at most, and
//     no owner is faster than its pace. TestMovesConverge, TestPace.
//
// # What is not promised
//
// That an answer is obeyed. Pictures differ for a moment, so two gateways may take themselves for the first
// in rank at one time. Who owns a bus is decided by a compare-and-set write, and by nothing here.
//
// # Concurrency
//
// Demand and Field do not change and may be used concurrently. A Pace belongs to one goroutine.
package placement
