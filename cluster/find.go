package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// finder finds what became of a command: in the control stream, or in the history. It does not look in the
// picture: who was told how his command ended, and asks again, must not be told less. Its methods may be
// called concurrently, and do not wait.
type finder struct {
	names   Subjects
	journal *Journal
	waits   *waits
	clock   boottime.Clock
	history *history
}

// find calls answer with the final record of a command, or with the present one when the wait is over; ErrNotFound
// if there is no such command, or it is forgotten.
func (f *finder) find(device, id string, patience time.Duration, answer func(*roostv1.CommandRecord, error)) {
	w, err := f.waits.add(commandKey(device, id), patience, answer)
	if err != nil {
		answer(nil, err)
		return
	}
	late := f.clock.Now().Add(patience + acceptGrace)
	f.look(device, id, late, func(record *roostv1.CommandRecord, err error) {
		if err != nil {
			f.waits.fail(w, nil, err)
			return
		}
		f.waits.is(w, record)
	})
}

// look calls found with the last record of a command.
func (f *finder) look(device, id string, late boottime.Instant, found func(*roostv1.CommandRecord, error)) {
	f.journal.read(f.names.Command(device, id), late, func(there *stored, err error) {
		switch {
		case err != nil:
			found(nil, err)
		case there != nil:
			found(readCommand(commandKey(device, id), there.data, there.sequence, there.at))
		default:
			f.history.find(device, id, found)
		}
	})
}

// historyAtOnce bounds the questions to the history at one time.
const historyAtOnce = 64

// history asks the stream in which commands are kept that the control stream has forgotten.
type history struct {
	js    jetstream.JetStream
	names Subjects
	slots chan struct{}
}

// find looks for a command, and calls found with it: ErrNotFound, if it is not there.
func (h *history) find(device, id string, found func(*roostv1.CommandRecord, error)) {
	select {
	case h.slots <- struct{}{}:
	default:
		found(nil, roostv1.Errorf(roostv1.ErrBusy, "%d commands are looked for already", historyAtOnce))
		return
	}
	go func() { // ends within casTimeout
		defer func() { <-h.slots }()
		ctx, cancel := context.WithTimeout(context.Background(), catchUpTimeout)
		defer cancel()
		found(lastCommand(ctx, h.js, h.names.CommandsStream(), h.names, device, id))
	}()
}

// lastCommand reads the last record of a command from a stream. Without a device ("*") it is that of any device's
// command with the id.
func lastCommand(ctx context.Context, js jetstream.JetStream, stream string, names Subjects, device, id string) (*roostv1.CommandRecord, error) {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, hubError(ctx, err)
	}
	m, err := s.GetLastMsgForSubject(ctx, names.Command(device, id))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "there is no command %s, or it is forgotten", id)
	case err != nil:
		return nil, hubError(ctx, err)
	}
	key, _ := names.key(m.Subject)
	return readCommand(key.ID, m.Data, originOf(m.Header, m.Sequence), m.Time)
}
