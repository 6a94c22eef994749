package cluster

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// canceller writes down the wish that a command is not carried out, for the command's owner to act on. Its
// methods may be called concurrently, and do not wait.
type canceller struct {
	*finder
	picture *Picture
	rights  *Rights
}

// cancel calls answer with the record of the cancelled command; with ErrConflict, and its record, if it was dispatched
// before or has ended otherwise; with the present record when the wait is over before anything is known; or
// with the reason why there is none. Who submits the wish must be one who may command the device.
func (c *canceller) cancel(wish *roostv1.Cancellation, patience time.Duration, answer func(*roostv1.CommandRecord, error)) {
	if err := c.rights.permit(wish.SubmittedBy, wish.DeviceId, "cancel a command for"); err != nil {
		answer(nil, err)
		return
	}
	wish.Nonce = newNonce()
	data, err := fitCancellation(wish)
	if err != nil {
		answer(nil, err)
		return
	}
	w := &wait{key: commandKey(wish.DeviceId, wish.CommandId), dispatched: true, answer: func(r *roostv1.CommandRecord, err error) {
		if err == nil {
			err = cancelled(r)
		}
		answer(r, err)
	}}
	if err := c.waits.put(w, patience); err != nil {
		answer(nil, err)
		return
	}
	late := c.clock.Now().Add(patience + acceptGrace)
	c.look(wish.DeviceId, wish.CommandId, late, func(record *roostv1.CommandRecord, err error) {
		switch {
		case err != nil:
			c.waits.fail(w, nil, err)
		case w.endsWith(record):
			c.waits.is(w, record)
		default:
			c.journal.create(c.names.Cancel(wish.DeviceId, wish.CommandId), data, c.lifetime(record), late, func(_ uint64, there *stored, err error) {
				if err != nil && there == nil {
					c.waits.fail(w, nil, err)
					return
				}
				c.waits.is(w, record) // also if somebody else wished it before
			})
		}
	})
}

// lifetime is how long the wish to cancel a command is kept: as long as the command may wait for an owner to act on
// it, and then as long as one that has ended.
func (c *canceller) lifetime(record *roostv1.CommandRecord) string {
	_, expires := record.Times(c.picture.Device(record.DeviceId).GetCommands().Resolve())
	return wholeSeconds(expires.Sub(record.AcceptedAt.AsTime()) + c.journal.dedup)
}

// cancelled says why a command was not cancelled, if it is known that it was not.
func cancelled(r *roostv1.CommandRecord) error {
	switch {
	case r.State == roostv1.CommandState_COMMAND_STATE_CANCELLED:
		return nil
	case r.State.Final():
		return roostv1.Errorf(roostv1.ErrConflict, "command %s has ended before: %s", r.CommandId, r.State.Word())
	case r.Attempt > 0:
		return roostv1.Errorf(roostv1.ErrConflict, "command %s was dispatched before it could be cancelled", r.CommandId)
	}
	return nil
}

// maxReason bounds what a cancellation says of who and why.
const maxReason = 4 << 10

func fitCancellation(wish *roostv1.Cancellation) ([]byte, error) {
	if n := len(wish.Sender) + len(wish.Reason); n > maxReason {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "sender and reason have %d bytes, at most %d are accepted", n, maxReason)
	}
	return roostv1.Marshal(wish, false)
}
