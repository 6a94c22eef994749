package history

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// Grant tells of a write that gave a bus its owner: an own.<bus> record of the control stream. At is the hub's time
// of storing it.
type Grant struct {
	Stamp
	Bus string `json:"bus"`
	// Epoch is its sequence in the stream.
	Epoch uint64 `json:"epoch"`
	// Previous is the sequence of the record that it replaced, as its writer expected it (the header
	// Nats-Expected-Last-Subject-Sequence); 0: there was none. Without it nobody can tell whether a write was missed.
	Previous uint64 `json:"previous,omitempty"`
	// Peer is the owner; nobody: the bus was released.
	Peer
	// HandedOverBy is the gateway that gave it away in order; "": it was taken.
	HandedOverBy string `json:"handedOverBy,omitempty"`
}

// LeaseState is what a record of a member says.
type LeaseState string

// States of members.
const (
	LeaseLive     LeaseState = "live"
	LeaseDraining LeaseState = "draining"
	LeaseLeft     LeaseState = "left"
	LeaseEvicted  LeaseState = "evicted"
)

// Lease tells of a renewal of a gateway's lease, or of its end: a member.<gateway> record of the control
// stream. At is the hub's time of storing it.
type Lease struct {
	Stamp
	Peer
	State LeaseState `json:"state"`
	// Sequence in the stream, and Previous that of the record that it replaced.
	Sequence uint64 `json:"sequence"`
	Previous uint64 `json:"previous,omitempty"`
	// OnWay: it was not read from the stream, but seen on its way there, and acknowledged; At is when that was seen. It
	// counts only where the stream's own was not read.
	OnWay bool `json:"onWay,omitempty"`
	// Asked: it was seen on its way to the hub, at the latest then, and may or may not have been stored. It has no
	// sequence, and may be there several times.
	Asked bool `json:"asked,omitempty"`
}

// Picture tells who a gateway believes to be the owner of a bus. The last one of each is from the end of the run.
type Picture struct {
	Stamp
	Gateway string `json:"gateway"`
	Bus     string `json:"bus"`
	Epoch   uint64 `json:"epoch"`
	Owner   Peer   `json:"owner"`
}

// RegisterOperation is what was done to a register.
type RegisterOperation string

// Operations on registers.
const (
	RegisterRead  RegisterOperation = "read"
	RegisterWrite RegisterOperation = "write" // compare and set
)

// RegisterOutcome is what came of it.
type RegisterOutcome string

// Outcomes of operations on registers.
const (
	RegisterDone    RegisterOutcome = "done"
	RegisterRefused RegisterOutcome = "refused" // the revision had changed: nothing was written
	RegisterUnsure  RegisterOutcome = "unsure"  // a write that may have been done, or may be done yet
)

// Register tells of one operation of a client on a value that is changed by compare and set, such as the owner of
// a bus or what is desired of a device. At is when it returned.
type Register struct {
	Stamp
	Client string `json:"client"`
	// Key names the register: "own.b7". The owner of a bus is the register "own." and the bus.
	Key       string            `json:"key"`
	Operation RegisterOperation `json:"operation"`
	Outcome   RegisterOutcome   `json:"outcome"`
	// Called is when it began.
	Called boottime.Instant `json:"called"`
	// Expect is the revision that a write replaces. Value and Revision are what was read, or written: no two writes
	// write the same value. A write of unsure outcome does not know its revision.
	Expect   uint64 `json:"expect,omitempty"`
	Value    string `json:"value"`
	Revision uint64 `json:"revision,omitempty"`
	// Blind: it is a write of whatever was there. If it is done, Expect says what it has replaced.
	Blind bool `json:"blind,omitempty"`
	// Stored: it is not an operation, but what the hub's stream holds of a write that was done; At is the hub's time, and
	// Client who wrote it.
	Stored bool `json:"stored,omitempty"`
}

// EventKind is what a gateway says that happened, in the words of roostv1.EventKind: "restarted".
type EventKind string

// Events that checkers ask for.
const (
	EventFailed      EventKind = "failed"
	EventRestarted   EventKind = "restarted"
	EventQuarantined EventKind = "quarantined"
	EventReleased    EventKind = "released"
	EventOnline      EventKind = "online"
)

// Event tells what a gateway says of itself or of a device. It may have been stopped before it wrote
// this, so it proves nothing of what was done.
type Event struct {
	Stamp
	Peer
	Device string    `json:"device,omitempty"`
	Bus    string    `json:"bus,omitempty"`
	Event  EventKind `json:"event"`
	// Attempt and Delay of a restart that is to come.
	Attempt uint32        `json:"attempt,omitempty"`
	Delay   time.Duration `json:"delayNs,omitempty"`
	Epoch   uint64        `json:"epoch,omitempty"`
	Message string        `json:"message,omitempty"`
}

// Harness is the node of which a Health with Late tells.
const Harness = "harness"

// Health tells how a process is. The first one of each is from the quiet phase, the last one from the end of the run.
type Health struct {
	Stamp
	Node string `json:"node"`
	// Answers: it answered when asked.
	Answers bool `json:"answers"`
	// Goroutines, and Memory that is resident, in bytes; 0: not known.
	Goroutines int    `json:"goroutines,omitempty"`
	Memory     uint64 `json:"memory,omitempty"`
	// Complaints are lines of its log that tell of a panic, a fatal error or a data race.
	Complaints []string `json:"complaints,omitempty"`
	// Late is for how long, until now, the harness did not get its turn. Such a record tells of nothing else.
	Late time.Duration `json:"lateNs,omitempty"`
}
