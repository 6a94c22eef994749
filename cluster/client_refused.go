package cluster

import (
	"context"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// refusals tells who waits for an answer that the hub did not let the question through. A hub says so to the
// connection only, and not to who asked, for whom it would be as if nobody had answered. A nil
// refusals tells nobody.
type refusals struct {
	name    string // whose connection it is
	mu      sync.Mutex
	waiting map[*waitingFor]struct{}
}

type waitingFor struct {
	subject string
	end     context.CancelCauseFunc
}

// unlessRefused returns a context that also ends, with an ErrPermission as its cause, when the hub does not let this
// connection publish at the subject. cancel must be called.
func (r *refusals) unlessRefused(ctx context.Context, subject string) (_ context.Context, cancel func()) {
	if r == nil {
		return ctx, func() {}
	}
	ctx, end := context.WithCancelCause(ctx)
	w := &waitingFor{subject, end}
	r.mu.Lock()
	r.waiting[w] = struct{}{}
	r.mu.Unlock()
	return ctx, func() {
		r.mu.Lock()
		delete(r.waiting, w)
		r.mu.Unlock()
		end(nil)
	}
}

// note takes in what the hub told the connection. It runs after the handlers that log.
func (r *refusals) note(err error) {
	text := err.Error()
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.waiting {
		if strings.Contains(text, `Publish to "`+w.subject+`"`) {
			w.end(roostv1.Errorf(roostv1.ErrPermission, "the hub does not let %s ask at %s", r.name, w.subject))
		}
	}
}

// handler logs errors of a connection as all of Roost's do, and notes them.
func (r *refusals) handler(inner nats.ErrHandler) nats.ErrHandler {
	return func(nc *nats.Conn, sub *nats.Subscription, err error) {
		inner(nc, sub, err)
		r.note(err)
	}
}
