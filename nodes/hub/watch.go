package hub

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ErrStore: the hub no longer stores what it is given, or not all of it.
var ErrStore = errors.New("hub does not store")

const watchInterval = time.Second

// Watch returns nil when ctx ends, or an error as soon as the hub has failed to
// store: ErrDiskFull if the disk has no room, else ErrStore. Such a hub still answers,
// but refuses or ignores what it should store, until it is closed and opened again.
// That the other two of three are away is no such failure: see Quorum.
//
// It looks at once, and then every second. It is to be called when the hub has been opened: a stream
// that the hub could not recover is left as it is, for whoever repairs it, only if nobody makes it anew.
func (h *Hub) Watch(ctx context.Context) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	seen := looks{earlier: h.earlier}
	for {
		if err := h.explain(seen.take(h.flaws())); err != nil {
			return fmt.Errorf("watch hub: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-h.closed:
			return nil
		case <-ticker.C:
		}
	}
}

// health asks the server whether it stores what it is given.
func (h *Hub) health() error {
	flaw := worst(h.flaws())
	if flaw != nil && unlooked(flaw.Error) {
		return nil // it is asked again soon
	}
	return h.explain(flaw)
}

// explain says what keeps the server from storing; nil for nil.
func (h *Hub) explain(flaw *server.HealthzError) error {
	if flaw == nil || !h.server.Running() { // which it is not while it closes
		return nil
	}
	if err := h.folder.checkRoom(); errors.Is(err, ErrDiskFull) {
		return err
	}
	if unregistered(flaw.Error) {
		return fmt.Errorf("%w: %s: repair its folder %s, or move it away", ErrStore, flaw.Error,
			filepath.Join(h.folder.store, server.JetStreamStoreDir, flaw.Account, "streams", flaw.Stream))
	}
	return fmt.Errorf("%w: %s", ErrStore, flaw.Error)
}

// flaws is what the server says that keeps it from storing. A hub that runs alone
// has no excuse. One of three is unwell whenever the others are away, or it is
// behind them, and gets well by itself.
func (h *Hub) flaws() []server.HealthzError {
	if h.site.cluster != nil && !h.server.JetStreamEnabled() { // it disables itself when its disk is full
		return []server.HealthzError{{Error: "JetStream was disabled"}}
	}
	all := h.server.Healthz(&server.HealthzOptions{Details: true}).Errors
	if h.site.cluster == nil {
		return all
	}
	var failed []server.HealthzError
	for _, e := range all {
		if storeFailed(e.Error) {
			failed = append(failed, e)
		}
	}
	return failed
}

// storeFailed reports whether a server is unwell since its disk failed it. It says so
// only in words: of a stream, a consumer or a raft group that stopped after a "write
// error", and of the list of streams after an "apply error".
func storeFailed(text string) bool {
	return strings.Contains(text, "write error: ") || strings.Contains(text, "apply error: ")
}
