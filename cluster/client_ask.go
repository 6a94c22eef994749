package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ask sends a request and reads the response. nats.ErrNoResponders is returned as it is.
func (c *Client) ask(ctx context.Context, subject string, wait time.Duration, request, response proto.Message) error {
	data, err := roostv1.Marshal(request, false)
	if err != nil {
		return err
	}
	if !c.talk.IsConnected() {
		return errAway
	}
	ctx, unlink := whileConnected(ctx, c.talk)
	defer unlink()
	ctx, settled := c.link.refusals.unlessRefused(ctx, subject)
	defer settled()
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	reply, err := c.talk.RequestWithContext(ctx, subject, data)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return err
	case err != nil && errors.Is(context.Cause(ctx), roostv1.ErrPermission):
		return context.Cause(ctx)
	case unsent(err):
		return hubError(ctx, err)
	case err != nil && (ctx.Err() == nil || errors.Is(context.Cause(ctx), errAway)):
		return roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the connection was lost before an answer came")
	case err != nil:
		return roostv1.Errorf(roostv1.ErrOutcomeUnknown, "no answer came within %v", wait)
	}
	_, err = roostv1.Unmarshal(reply.Data, response)
	return err
}

// firstPatience is after how long without an answer a question is asked again; each time after that, twice
// as long is waited. maxQuestions are more than there can be.
const (
	firstPatience = time.Second
	maxQuestions  = 12
	// firstPause is how long nobody is asked after a gateway said that it can do nothing at present; it
	// doubles too.
	firstPause = 50 * time.Millisecond
)

// askOften asks any one gateway what may be asked several times: a gateway that hangs, or was just
// killed, takes a question and does not answer it, and the next one that is asked is another. So it is where one
// answers that it can do nothing at present, as one that was stopped for long and goes on, without a lease. request makes
// the question for a gateway that is to answer within what is left of the wait. The first answer with a record
// counts. One without says only what became of that question: the error is ErrOutcomeUnknown if
// another one may have been taken. nats.ErrNoResponders is returned as it is.
func (c *Client) askOften(ctx context.Context, subject string, wait time.Duration, request func(left time.Duration) proto.Message) (*roostv1.SendResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q := &questions{answers: make(chan answered, maxQuestions)}
	until, asked := time.Now().Add(wait), 0
	ask := func() {
		left := max(time.Until(until), time.Millisecond)
		q.out++
		asked++
		go func() { // ends with its answer, or with this call's context
			var response roostv1.SendResponse
			err, turnedAway := c.ask(ctx, subject, left+sendGrace, request(left), &response), false
			if err == nil && response.Record == nil {
				err = replyStatus(response.Status)
				turnedAway = errors.Is(err, roostv1.ErrUnavailable)
			}
			q.answers <- answered{&response, err, turnedAway} // there is room
		}()
	}
	ask()
	patience, rest := firstPatience, firstPause
	again := time.NewTimer(patience)
	defer again.Stop()
	for {
		select {
		case a := <-q.answers:
			if !q.last(a) {
				continue
			}
			if !a.turnedAway || asked == maxQuestions || time.Until(until) <= rest {
				return a.response, q.verdict(a)
			}
			again.Reset(rest)
			rest *= 2
		case <-again.C:
			if q.out > 0 && (asked == maxQuestions || time.Until(until) <= 0) {
				continue // those that were asked have a little longer
			}
			ask()
			patience *= 2
			again.Reset(patience)
		}
	}
}

// questions are those of one askOften.
type questions struct {
	answers chan answered
	out     int   // that have not ended
	unknown error // of one that somebody may have got
}

// answered is the end of one of them.
type answered struct {
	response   *roostv1.SendResponse
	err        error
	turnedAway bool // a gateway said that it can do nothing at present
}

// last takes an answer in, and reports whether no other is waited for.
func (q *questions) last(a answered) bool {
	q.out--
	if errors.Is(a.err, roostv1.ErrOutcomeUnknown) {
		q.unknown = a.err
	}
	return a.err == nil || q.out == 0
}

// verdict is what the last answer and those before it amount to.
func (q *questions) verdict(a answered) error {
	if a.err != nil && q.unknown != nil {
		return q.unknown
	}
	return a.err
}
