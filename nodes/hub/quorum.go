package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ErrClosed: the hub was closed.
var ErrClosed = errors.New("hub is closed")

// quorumInterval is how often a server is asked: it tells nobody by itself.
const quorumInterval = 50 * time.Millisecond

// Quorum returns nil as soon as the hub can be used: at once if it runs alone (with users: as soon as
// it has made the streams of the fleet), and when
// two of three have elected a leader, and this one knows what that has decided. Else it
// returns when ctx ends, with its cause and what is missing, or ErrClosed. A ctx that
// has ended already asks how it is now.
//
// It says nothing about a minute later: hubs come and go. A leader that lost the other two
// takes up to 20 s to notice.
func (h *Hub) Quorum(ctx context.Context) error {
	ticker := time.NewTicker(quorumInterval)
	defer ticker.Stop()
	for {
		missing := h.missing()
		if missing == "" && h.warden != nil && !h.warden.ready() {
			missing = "the streams of the fleet are not there yet"
		}
		if missing == "" {
			return nil
		}
		select {
		case <-h.closed:
			return fmt.Errorf("wait for quorum: %w", ErrClosed)
		case <-ctx.Done():
			return fmt.Errorf("wait for quorum: %s: %w", missing, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

// missing says why the hub cannot be used now; empty if it can be.
func (h *Hub) missing() string {
	if h.site.cluster == nil && h.server.Running() {
		return ""
	}
	return h.server.Healthz(&server.HealthzOptions{JSMetaOnly: true}).Error
}
