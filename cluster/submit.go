package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	defaultWait = 5 * time.Second
	maxWait     = 5 * time.Minute
	// pendingRoom is how many devices may have acceptances that nobody asks about any more.
	pendingRoom = 1024
)

// submitter has commands accepted: it writes them down at the hub, where nothing is recorded of them, and tells
// the caller how they end. Its methods may be called concurrently, and do not wait.
type submitter struct {
	id      string
	names   Subjects
	picture *Picture
	rights  *Rights
	journal *Journal
	waits   *waits
	clock   boottime.Clock
	catchUp func(context.Context) bool
	limit   int // of what is being accepted at one time

	mu      sync.Mutex
	begun   int                 // acceptances without an answer
	pending map[string][]uint64 // by device: sequences of acceptances that the picture may not have yet; 0: none yet
	room    int                 // devices in pending before it is cleared of what the picture has
	asking  int                 // goroutines that bring the picture up to now
}

// submission is one command on its way to be accepted.
type submission struct {
	*submitter
	command *roostv1.Command
	by      *roostv1.Identity // who submits it; nil: the hub knows nobody by name
	named   bool              // the caller chose the id, so it may be known
	wait    *wait
	late    boottime.Instant // when it is given up
	closed  error            // why nothing new is accepted now; nil: it is
}

// submit has a command accepted, and calls answer once: with its final record, or with the present one when the
// wait is over; else see Gateway.Submit. If closed is not nil, that is the reason why it is accepted only if it was
// before. by is who submits it, as the hub knows it, and not as the command says.
func (s *submitter) submit(ctx context.Context, by *roostv1.Identity, c *roostv1.Command, patience time.Duration, closed error, answer func(*roostv1.CommandRecord, error)) {
	if patience == 0 {
		patience = defaultWait
	}
	err := roostv1.ValidateCommand(c)
	if err == nil {
		err = checkWait(patience)
	}
	if err != nil {
		answer(nil, err)
		return
	}
	named := c.Id != ""
	if !named {
		c = proto.CloneOf(c)
		c.Id = newCommandID()
	}
	w, err := s.waits.add(commandKey(c.DeviceId, c.Id), patience, answer)
	if err != nil {
		answer(nil, err)
		return
	}
	s.waits.endWith(ctx, w)
	sub := &submission{submitter: s, command: c, by: by, named: named, wait: w, late: s.clock.Now().Add(patience + acceptGrace), closed: closed}
	sub.begin()
}

func newCommandID() string { return uuid.Must(uuid.NewV7()).String() }

// checkWait refuses what nobody may wait. The error is ErrInvalid.
func checkWait(wait time.Duration) error {
	if wait < 0 || wait > maxWait {
		return roostv1.Errorf(roostv1.ErrInvalid, "wait: %v is not between 0 and %v", wait, maxWait)
	}
	return nil
}

// acceptance is the record by which a command is accepted. What it lacks, its message tells; see complete.
func (s *submission) acceptance(bus string) *roostv1.CommandRecord {
	r := &roostv1.CommandRecord{CommandId: s.command.Id, DeviceId: s.command.DeviceId, Command: s.command, Bus: bus, Nonce: newNonce(), SubmittedBy: s.by}
	_ = r.Enter(roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_ACCEPTED, Gateway: s.submitter.id}) // it is the first
	r.Transitions[0].At = nil
	return r
}

// accept writes the acceptance down.
func (s *submission) accept(spec *roostv1.DeviceSpec) {
	record := s.acceptance(spec.BusID())
	data, err := roostv1.Marshal(record, false)
	if err != nil {
		s.decided(s.command.DeviceId, 0)
		s.waits.fail(s.wait, nil, err)
		return
	}
	subject := s.names.Command(s.command.DeviceId, s.command.Id)
	s.journal.create(subject, data, "", s.late, func(sequence uint64, there *stored, err error) {
		s.decided(s.command.DeviceId, sequence)
		switch {
		case there != nil:
			s.knownAs(there)
		case err != nil:
			s.waits.fail(s.wait, nil, err)
		default:
			record.Order = sequence
			s.waits.is(s.wait, record)
		}
	})
}

// refuse refuses the command, unless it was accepted before: then that decides.
func (s *submission) refuse(why error) {
	if !s.named {
		s.waits.fail(s.wait, nil, why)
		return
	}
	s.journal.read(s.names.Command(s.command.DeviceId, s.command.Id), s.late, func(there *stored, err error) {
		switch {
		case err != nil:
			s.waits.fail(s.wait, nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown,
				"whether command %s was accepted before cannot be found out: %v", s.command.Id, err))
		case there == nil:
			s.waits.fail(s.wait, nil, why)
		default:
			s.knownAs(there)
		}
	})
}

// knownAs goes on with what the hub has on record under the command's id.
func (s *submission) knownAs(there *stored) {
	record, err := readCommand(s.wait.key, there.data, there.sequence, there.at)
	if err != nil {
		s.waits.fail(s.wait, nil, roostv1.Errorf(roostv1.ErrConflict, "command %s is there already, and cannot be read: %v", s.command.Id, err))
		return
	}
	s.known(record)
}

// known goes on with the record of a command of the same id: it is the same one, or in conflict with it.
func (s *submission) known(record *roostv1.CommandRecord) {
	if !roostv1.BodyEqual(record.Command, s.command) {
		s.waits.fail(s.wait, nil, roostv1.Errorf(roostv1.ErrConflict,
			"command %s for device %s is another one: the same id cannot name two", s.command.Id, s.command.DeviceId))
		return
	}
	s.waits.is(s.wait, record)
}

// Submit has a command accepted, and calls answer once, on any goroutine: with its final record, or with the
// present one when the wait is over (0: 5 s) or ctx ends; or with the reason why it was not accepted. It does not
// wait itself, and answer, which may be called before it returns, must not block. It is for while Run runs. The
// command must not be changed afterwards; one without an id gets one
// in a copy. The same id and body again is the same command. While the hub is away, a command for a device that only this
// gateway can reach is taken by [Gateway.SubmitLocal].
//
// ErrInvalid, ErrNotFound, ErrLocked, ErrBusy and ErrUnavailable say that the command was certainly not accepted,
// ErrConflict that its id is that of another one, ErrOutcomeUnknown that it may have been accepted.
func (g *Gateway) Submit(ctx context.Context, c *roostv1.Command, wait time.Duration, answer func(*roostv1.CommandRecord, error)) {
	g.submitHere(ctx, c, wait, answer)
}

// Journal writes the records of commands, while Run runs.
func (g *Gateway) Journal() *Journal { return g.journal }
