package sim

import (
	"context"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
)

// maxWaiting is how many requests of a session may wait for their turn.
const maxWaiting = 64

// session is one session with a device. Its requests are carried out one after the other, beside
// those of other sessions.
type session struct {
	number     uint64
	machine    *machine
	connection *connection
	boots      uint64 // of the machine, when it began

	mu      sync.Mutex
	waiting []request
	working bool
}

// request is one request that has arrived.
type request struct {
	call    uint64 // 0: nobody waits for an answer
	message wire.Message
	arrived time.Time
	reason  string // of a close
}

// ask queues a request, or refuses it when too many wait.
func (s *session) ask(ctx context.Context, r request, kind Kind) {
	s.mu.Lock()
	full := len(s.waiting) >= maxWaiting
	s.mu.Unlock()
	if full { // nobody else makes the queue longer
		s.connection.refuse(r.call, s.describe(kind, r), &wire.Nack{Code: wire.CodeBusy, Reason: "too many requests wait"})
		return
	}
	s.put(ctx, r)
}

// end queues the end of the session after its connection's.
func (s *session) end(ctx context.Context, reason string) {
	s.put(ctx, request{message: &wire.Close{Session: s.number}, arrived: time.Now(), reason: reason})
}

// put queues a request, and sees to it that somebody works.
func (s *session) put(ctx context.Context, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, r)
	if !s.working {
		s.working = true
		s.connection.work.Go(func() { s.work(ctx) })
	}
}

// work carries out what waits, until nothing does.
func (s *session) work(ctx context.Context) {
	for {
		s.mu.Lock()
		if len(s.waiting) == 0 {
			s.working, s.waiting = false, nil
			s.mu.Unlock()
			return
		}
		r := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		if answer := s.carryOut(ctx, r); answer != nil && r.call != 0 {
			for range 1 + s.machine.behaves().Flood {
				s.connection.answer(r.call, answer)
			}
		}
	}
}

func (s *session) truth() *truth { return s.connection.hardware.truth }

// carryOut carries out one request, and returns its answer; nil: there is none.
func (s *session) carryOut(ctx context.Context, r request) wire.Message {
	switch m := r.message.(type) {
	case *wire.Read:
		return s.machine.read(ctx, s, m, s.describe(KindRead, r), r.arrived)
	case *wire.Write:
		return s.machine.act(ctx, s, m, s.describe(KindAction, r), r.arrived)
	case *wire.Close:
		return s.machine.dismiss(s, s.describe(KindClose, r), s.truth())
	default:
		return nil
	}
}

// describe returns the record of a request.
func (s *session) describe(kind Kind, r request) Record {
	record := s.connection.record(kind)
	record.Device, record.Session = s.machine.ID, s.number
	switch m := r.message.(type) {
	case *wire.Read:
		record.Resources = m.Resources
	case *wire.Write:
		record.Resource, record.Value = m.Resource, m.Value.Format()
		record.Command, record.Epoch, record.Attempt = m.Command, m.Epoch, m.Attempt
	case *wire.Close:
		record.Reason = "the gateway closed it"
		if r.reason != "" {
			record.Reason = r.reason
		}
	}
	return record
}
