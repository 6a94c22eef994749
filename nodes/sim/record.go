package sim

import (
	"time"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/cluster/boottime"
)

// LogVersion is the version of the log's format; it is in the first record of each run.
const LogVersion = 1

// Kind says what a record is of.
type Kind string

const (
	// KindStart: the hardware was switched on. The first record of a run.
	KindStart Kind = "start"
	// KindStop: it was switched off in order. The last record of a run.
	KindStop Kind = "stop"
	// KindOpen: a session was asked for.
	KindOpen Kind = "open"
	// KindClose: a session ended; Reason says how.
	KindClose Kind = "close"
	// KindRead: a device was read.
	KindRead Kind = "read"
	// KindAction: a device was told to act.
	KindAction Kind = "action"
	// KindGarbage: what arrived cannot be understood; the connection ends.
	KindGarbage Kind = "garbage"
	// KindBehave: a device behaves otherwise from now on.
	KindBehave Kind = "behave"
	// KindBoot: a device has booted; Reason says why. Its sessions are over.
	KindBoot Kind = "boot"
)

// Result says what became of it.
type Result string

const (
	// Done: the device did it, right after it wrote this down.
	Done Result = "done"
	// Refused: it did nothing; Code and Reason say why.
	Refused Result = "refused"
)

// Record is one thing that reached the hardware, or happened in it.
type Record struct {
	// Seq numbers the records of a run, from 1 without gaps.
	Seq uint64 `json:"seq"`
	// At is when this was written down, on the clock that all processes of this machine share until it
	// boots; Wall is the same on its wall clock, for people.
	At   boottime.Instant `json:"boottime"`
	Wall time.Time        `json:"wall"`
	Kind Kind             `json:"kind"`
	// Version is LogVersion, and Seed the hardware's; of a start only.
	Version int    `json:"version,omitempty"`
	Seed    uint64 `json:"seed,omitempty"`

	Device string `json:"device,omitempty"`
	// Connection is its number in the run, Session that of the session on it, and Gateway
	// and Incarnation are who is at its other end.
	Connection  uint64 `json:"conn,omitempty"`
	Session     uint64 `json:"session,omitempty"`
	Gateway     string `json:"gateway,omitempty"`
	Incarnation string `json:"incarnation,omitempty"`
	// Waited is for how long it had been here before it was this one's turn.
	Waited time.Duration `json:"waitedNs,omitempty"`

	// Resources that were read, and Count, how often the device was, this time included.
	Resources []string `json:"resources,omitempty"`
	Count     uint64   `json:"count,omitempty"`

	// Resource and Value of an action, the value as Value.Format writes it.
	Resource string `json:"resource,omitempty"`
	Value    string `json:"value,omitempty"`
	// Command is the id of the command that the action is part of, Epoch what the gateway acts
	// under, and Attempt which time it says that this is.
	Command string `json:"command,omitempty"`
	Epoch   uint64 `json:"epoch,omitempty"`
	Attempt uint64 `json:"attempt,omitempty"`

	Result Result    `json:"result,omitempty"`
	Code   wire.Code `json:"code,omitempty"`
	Reason string    `json:"reason,omitempty"`
	// Unanswered: the device does it, and will not say so.
	Unanswered bool `json:"unanswered,omitempty"`
	// Behaviour from now on.
	Behaviour *Behaviour `json:"behaviour,omitempty"`
}

// refused returns the record as that of something that is not done.
func (r Record) refused(nack *wire.Nack) Record {
	r.Result, r.Code, r.Reason = Refused, nack.Code, nack.Reason
	return r
}
