package spool

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// dropEvery is how often it is told at most that readings are dropped.
const dropEvery = time.Minute

// Status tells how the spool is. It may be called by any goroutine.
func (s *Spool) Status() *roostv1.SpoolStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := &roostv1.SpoolStatus{
		State: s.state, Waiting: s.waiting, Bytes: s.bytes, Dropped: s.marks.Dropped, Error: s.why,
	}
	if s.oldest > 0 && s.waiting > 0 {
		status.Oldest = durationpb.New(s.oldest)
	}
	return status
}

// become enters a state, and tells of it. Readings go straight to the sink in any but OK.
func (s *Spool) become(state roostv1.SpoolState, why string) {
	s.mu.Lock()
	was := s.state
	s.state, s.why = state, why
	s.mu.Unlock()
	well := state == roostv1.SpoolState_SPOOL_STATE_OK
	ill := state == roostv1.SpoolState_SPOOL_STATE_FAILING || state == roostv1.SpoolState_SPOOL_STATE_FULL
	switch wasIll := was == roostv1.SpoolState_SPOOL_STATE_FAILING || was == roostv1.SpoolState_SPOOL_STATE_FULL; {
	case ill && !wasIll:
		s.config.Logger.Warn("the spool takes no readings", "reason", why, "folder", s.folder.path)
		s.tell(roostv1.EventKind_EVENT_KIND_STORE_FAILING,
			"readings are kept on this gateway's disk no more, and go straight to the hub: "+why)
	case well && wasIll:
		s.config.Logger.Info("the spool takes readings again", "folder", s.folder.path)
		s.tell(roostv1.EventKind_EVENT_KIND_STORE_RECOVERED, "readings are kept on this gateway's disk again")
	}
}

func (s *Spool) tell(kind roostv1.EventKind, message string) {
	s.config.Events(&roostv1.Event{
		At: timestamppb.Now(), Gateway: s.config.Gateway, Kind: kind, Message: message,
	})
}

// tellDropped tells that readings are dropped, but not all the time.
func (s *Spool) tellDropped(why string) {
	if now := time.Now(); s.toldDropped.IsZero() || now.Sub(s.toldDropped) >= dropEvery {
		s.toldDropped = now
		s.config.Logger.Warn("readings are dropped, and declared", "reason", why)
		s.tell(roostv1.EventKind_EVENT_KIND_READINGS_DROPPED, "readings are dropped, and declared: "+why)
	}
}
