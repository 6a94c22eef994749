package lease_test

import (
	"time"

	"github.com/roost-iot/roost/cluster/lease"
)

// rules are how a world departs from the protocol. The zero rules are those of the protocol.
type rules struct {
	law string // the only law that is watched

	noMargin        bool
	noCAS           bool
	noFence         bool
	ackCounts       bool
	readExtends     bool
	noWitness       bool
	witnessAcks     bool
	gapIgnored      bool
	clockStops      bool
	claimEarly      bool
	deletes         bool
	givesFirst      bool
	ownsByName      bool
	sameIncarnation bool
	noLock          bool
	ageIgnored      bool
	busyIsLost      bool
	mismatchIsLost  bool
	resigns         bool
	nobodyEvicts    bool
	nobodySettles   bool
	nobodyLooks     bool
}

func (r rules) terms() lease.Terms {
	if r.noMargin {
		return lease.Terms{Lease: lease.DefaultLease, Margin: time.Nanosecond}
	}
	return lease.Terms{Lease: lease.DefaultLease, Margin: lease.DefaultLease / 4}
}
