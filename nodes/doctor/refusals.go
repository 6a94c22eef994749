package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
)

// errRefused says that the hub does not let this credential do that.
var errRefused = errors.New("the hub does not permit it")

// refusals are what the hub says beside all answers: it refuses in no other way. The zero value is ready.
type refusals struct {
	mu      sync.Mutex
	waiting context.CancelCauseFunc // whoever asks at present
}

// note is the connection's error handler.
func (r *refusals) note(_ *nats.Conn, _ *nats.Subscription, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(err, nats.ErrPermissionViolation) && r.waiting != nil {
		r.waiting(errRefused)
	}
}

func (r *refusals) wait(end context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = end
}

// unlessRefused does something that the hub may refuse. It ends at once then, and the error is errRefused: whoever waits
// for an answer to what was refused waits in vain.
func (e *examination) unlessRefused(ctx context.Context, act func(context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	e.refused.wait(end)
	defer e.refused.wait(nil)
	err := act(ctx)
	if errors.Is(context.Cause(ctx), errRefused) {
		return errRefused
	}
	return err
}

// request asks the hub.
func (e *examination) request(ctx context.Context, m *nats.Msg) (reply *nats.Msg, err error) {
	err = e.unlessRefused(ctx, func(ctx context.Context) error {
		reply, err = e.nc.RequestMsgWithContext(ctx, m)
		return err
	})
	return reply, err
}

// store has a stream store a message, and returns the code with which it refuses to; 0: it did.
func (e *examination) store(ctx context.Context, m *nats.Msg) (code int, err error) {
	reply, err := e.request(ctx, m)
	if err != nil {
		return 0, err
	}
	var ack struct {
		Stream string `json:"stream"`
		Error  *struct {
			Code int    `json:"err_code"`
			Text string `json:"description"`
		} `json:"error"`
	}
	switch err := json.Unmarshal(reply.Data, &ack); {
	case err != nil:
		return 0, fmt.Errorf("the hub answered nonsense: %w", err)
	case ack.Error != nil:
		return ack.Error.Code, nil
	}
	return 0, nil
}
