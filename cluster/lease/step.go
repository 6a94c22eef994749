package lease

import (
	"strconv"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Step is what a holder asks for in answer to what it was told. The zero Step asks for nothing.
type Step struct {
	// Change is what became of the lease.
	Change Change
	// Action is what to do at the hub.
	Action Action
	// Write is what to write if Action is WriteRecord.
	Write Write
}

// Action is something to do at the hub. Each is independent of all that were asked for before: a
// second one may be begun while the first is not answered.
type Action uint8

const (
	// Nothing is to be done.
	Nothing Action = iota
	// WriteRecord asks to make Step.Write, and to report the answer with Acked or Refused. An
	// answer that does not come need not be reported.
	WriteRecord
	// ReadRecord asks to read the last record of the gateway's own subject, and to report it with
	// Saw. A read that fails need not be reported.
	ReadRecord
)

// Change is what became of a lease in a step. The driver acts on it before anything else.
type Change uint8

const (
	// Unchanged says that nothing did.
	Unchanged Change = iota
	// Blocked says that another incarnation has the name, and is not known to have ended. The
	// holder waits until it leaves or is evicted: see Blocker.
	Blocked
	// Granted says that the gateway is a member, and may act until the fence.
	Granted
	// Suspended says that the fence has passed. Nothing is to be torn down: renewals go on.
	Suspended
	// Resumed says that a late renewal was accepted, which ended a suspension.
	Resumed
	// Lost says that somebody else wrote the record. The gateway stops all shared devices and starts
	// over with a new incarnation and a new holder; this one asks for nothing any more.
	Lost
	// Departed says that the record tells that the gateway left. This holder asks for nothing any more.
	Departed
)

// String names the change in one word.
func (c Change) String() string {
	names := [...]string{"unchanged", "blocked", "granted", "suspended", "resumed", "lost", "departed"}
	if int(c) >= len(names) {
		return "change " + strconv.Itoa(int(c))
	}
	return names[c]
}

// Write is a record to write on the gateway's own subject, in place of the one that has the expected
// sequence. It is handed back with the answer.
type Write struct {
	// Renewal numbers the writes of an incarnation from 1; it goes into the record.
	Renewal uint64
	// Expect is the sequence of the record that is replaced; 0: there is none.
	Expect uint64
	// State goes into the record.
	State roostv1.MemberState

	// ordered is when the step was made that asked for the write. It comes before the send, so a
	// fence that counts from it counts from before the send, however long the process
	// is stopped in between.
	ordered boottime.Instant
}

// Refusal is why the hub refused a write.
type Refusal uint8

const (
	// Mismatch says that the last record has another sequence than was expected: error 10071.
	Mismatch Refusal = iota + 1
	// InFlight says that another write of the same subject is on its way, maybe an earlier one of
	// one's own: error 10164. It says nothing about who wrote.
	InFlight
)
