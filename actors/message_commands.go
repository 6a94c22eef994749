package actors

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The messages about commands. To a supervisor.
type (
	// performed is the end of a command's call; the value is a performance.
	performed struct {
		control
		order   *order
		permit  *permit // under which it was to be sent
		outcome outcome
		late    bool
	}
	// intended is the Journal's word on the intent to send a command; or, as a defect, the record's, which
	// was then not given to the Journal.
	intended struct {
		control
		order      *order
		permit     *permit
		dispatched roostv1.Change
		err        error
		defect     bool
	}
	// recorded is the Journal's word on a record; final is whether it was the last of its command.
	recorded struct {
		control
		order *order
		final bool
		err   error
	}
	// handed brings commands that have not ended.
	handed struct {
		control
		hands []hand
	}
	// looked is the end of a read-back; the value is []Sample.
	looked struct {
		control
		order   *order
		look    *look
		outcome outcome
	}
	// lookDue is the timer of a look.
	lookDue struct {
		control
		order *order
		look  *look
	}
	// commandsDue is the timer of the command queue.
	commandsDue struct{ control }
	// desiredDue is the timer of what is desired.
	desiredDue struct{ control }
	// desiredDone is the end of a command that was to bring it about.
	desiredDone struct {
		control
		id     string
		record *roostv1.CommandRecord
		err    error
	}
	// submit brings a command.
	submit struct {
		command *roostv1.Command
		answer  func(answer)
	}
	// recordWanted asks for the present record of a command.
	recordWanted struct {
		control
		id     string
		answer func(answer)
	}
)

// To a device.
type (
	// perform asks to carry out a command. Of the attempt only the bus's turn makes use.
	perform struct {
		control
		attempt *attempt
		timeout time.Duration
	}
	// readBack asks to read resources; answer is called once, on any goroutine, with []Sample.
	readBack struct {
		control
		resources []string
		answer    func(outcome)
	}
)

// An answer is what becomes of a command: a record, or why there is none. What is called with
// it, on the goroutine of an actor, does not block.
type answer struct {
	record *roostv1.CommandRecord
	err    error
}

func (submit) lane() lane { return laneCommand }

func (s *submit) refuse(reason error) { s.answer(answer{err: reason}) }

func (r *recordWanted) refuse(reason error) { r.answer(answer{err: reason}) }

func (r *readBack) refuse(reason error) { r.answer(outcome{err: reason}) }
