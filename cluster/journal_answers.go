package cluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// codeDuplicateInFlight says that the same message is under way already.
const codeDuplicateInFlight jetstream.ErrorCode = 10158

// answered takes an answer of the hub.
func (c *clerk) answered(m *nats.Msg) {
	token, err := strconv.ParseUint(strings.TrimPrefix(m.Subject, c.inbox), 10, 64)
	if err != nil {
		return
	}
	e := c.open[token]
	if e == nil {
		return
	}
	delete(c.open, token)
	switch {
	case len(m.Data) == 0: // nobody took it
		c.again(e, rand.N(journalRest))
	case e.reading:
		c.wasRead(e, m.Data)
	default:
		c.wasWritten(e, m.Data)
	}
	c.admit()
}

// wasWritten looks at what the hub says of a write.
func (c *clerk) wasWritten(e *entry, data []byte) {
	ack, err := parseAck(data)
	switch {
	case err == nil:
		c.finish(e, ack.Sequence, nil, nil)
	case refusedWith(err, codeWriteInFlight, codeDuplicateInFlight):
		c.again(e, rand.N(journalRetry*time.Duration(min(e.tries, 16))))
	case refusedWith(err, codeWrongSequence):
		c.refused(e)
	case errors.Is(err, roostv1.ErrOutcomeUnknown):
		e.doubt = true
		c.again(e, rand.N(journalRest))
	default:
		c.failed(e, err)
	}
}

// refused deals with a write whose condition does not hold. One of which an earlier copy may be stored, and one
// whose writer is told what is there instead, is read back.
func (c *clerk) refused(e *entry) {
	if e.lane != "" && !e.doubt {
		c.finish(e, 0, nil, e.notOwner())
		return
	}
	e.reading = true
	c.send(e)
}

func (e *entry) notOwner() error {
	return roostv1.Errorf(roostv1.ErrNotOwner, "bus %s is not owned under epoch %d any more", e.lane, e.epoch)
}

// failed deals with a hub that refuses a write for a reason of its own.
func (c *clerk) failed(e *entry, err error) {
	var api *jetstream.APIError
	passing := !errors.As(err, &api) || api.Code >= 429
	switch err = hubError(context.Background(), err); {
	case !passing && !errors.Is(err, roostv1.ErrExhausted):
		c.finish(e, 0, nil, roostv1.Errorf(roostv1.ErrInvalid, "the hub refuses it: %v", err))
	case e.lane == "" && !e.doubt && errors.Is(err, roostv1.ErrExhausted):
		c.finish(e, 0, nil, err)
	default:
		c.again(e, rand.N(journalRest))
	}
}

// wasRead looks at what the hub says is there.
func (c *clerk) wasRead(e *entry, data []byte) {
	there, ok := parseStored(data)
	switch {
	case !ok:
		c.again(e, rand.N(journalRest))
	case e.question:
		c.finish(e, 0, there, nil)
	case there != nil && string(there.data) == string(e.data):
		c.finish(e, there.sequence, nil, nil)
	case e.lane != "":
		c.finish(e, 0, nil, e.notOwner())
	case there != nil && there.sequence > e.expect:
		c.finish(e, 0, there, roostv1.Errorf(roostv1.ErrConflict, "another record is there, at sequence %d", there.sequence))
	default: // it has expired meanwhile, or what was read is out of date
		e.reading = false
		c.again(e, rand.N(journalRetry*time.Duration(min(e.tries, 16))))
	}
}
