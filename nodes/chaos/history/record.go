package history

import (
	"fmt"

	"github.com/roost-iot/roost/cluster/boottime"
)

// Version of the schema.
const Version = 1

// Kind says which type a record has.
type Kind string

// Kinds of records. The first is that of the header, with which each file begins.
const (
	KindHeader    Kind = "header"
	KindRun       Kind = "run"
	KindPhase     Kind = "phase"
	KindProcess   Kind = "process"
	KindFault     Kind = "fault"
	KindHardware  Kind = "hardware"
	KindSession   Kind = "session"
	KindRead      Kind = "read"
	KindAction    Kind = "action"
	KindCall      Kind = "call"
	KindAnswer    Kind = "answer"
	KindAcked     Kind = "acked"
	KindStored    Kind = "stored"
	KindDelivered Kind = "delivered"
	KindGrant     Kind = "grant"
	KindLease     Kind = "lease"
	KindRegister  Kind = "register"
	KindEvent     Kind = "event"
	KindPicture   Kind = "picture"
	KindBacklog   Kind = "backlog"
	KindHealth    Kind = "health"
)

// Record is something that one recorder wrote down: a pointer to one of the types of this package
// that have a Stamp.
type Record interface{ Stamped() *Stamp }

// Stamp says when and by whom a record was written. Its writer fills it in.
type Stamp struct {
	// At is when, on the boot clock; see the package about what lies before it and what after.
	At boottime.Instant `json:"at"`
	// Kind of the record.
	Kind Kind `json:"kind"`
	// Recorder is the name of who wrote it, and Number which of its records it is, from 1. A reader knows
	// them from the file.
	Recorder string `json:"-"`
	Number   uint64 `json:"-"`
}

// Stamped returns the stamp itself, so that whatever has one is a Record.
func (s *Stamp) Stamped() *Stamp { return s }

// ID names the record in its run: "truth#17".
func (s *Stamp) ID() string { return fmt.Sprintf("%s#%d", s.Recorder, s.Number) }

// blank returns an empty record of a kind; nil if there is no such kind.
func blank(k Kind) Record {
	switch k {
	case KindHeader:
		return new(Header)
	case KindRun:
		return new(Run)
	case KindPhase:
		return new(Phase)
	case KindProcess:
		return new(Process)
	case KindFault:
		return new(Fault)
	case KindHardware:
		return new(Hardware)
	case KindSession:
		return new(Session)
	case KindRead:
		return new(Read)
	case KindAction:
		return new(Action)
	case KindCall:
		return new(Call)
	case KindAnswer:
		return new(Answer)
	case KindAcked:
		return new(Acked)
	case KindStored:
		return new(Stored)
	case KindDelivered:
		return new(Delivered)
	case KindGrant:
		return new(Grant)
	case KindLease:
		return new(Lease)
	case KindRegister:
		return new(Register)
	case KindEvent:
		return new(Event)
	case KindPicture:
		return new(Picture)
	case KindBacklog:
		return new(Backlog)
	case KindHealth:
		return new(Health)
	default:
		return nil
	}
}

// kindOf returns the kind of a record; "" for what is none of this package's.
func kindOf(r Record) Kind {
	switch r.(type) {
	case *Header:
		return KindHeader
	case *Run:
		return KindRun
	case *Phase:
		return KindPhase
	case *Process:
		return KindProcess
	case *Fault:
		return KindFault
	case *Hardware:
		return KindHardware
	case *Session:
		return KindSession
	case *Read:
		return KindRead
	case *Action:
		return KindAction
	case *Call:
		return KindCall
	case *Answer:
		return KindAnswer
	case *Acked:
		return KindAcked
	case *Stored:
		return KindStored
	case *Delivered:
		return KindDelivered
	case *Grant:
		return KindGrant
	case *Lease:
		return KindLease
	case *Register:
		return KindRegister
	case *Event:
		return KindEvent
	case *Picture:
		return KindPicture
	case *Backlog:
		return KindBacklog
	case *Health:
		return KindHealth
	default:
		return ""
	}
}
