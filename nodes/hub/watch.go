package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ErrStore: the hub no longer stores what it is given, or not all of it.
var ErrStore = errors.New("hub does not store")

const (
	watchInterval = time.Second
	// makingLooks is how many times in a row a stream may be found on the disk that the server does not have, since it is being
	// made: that takes some syncs of the disk. One that could not be recovered stays so.
	makingLooks = 15
)

// Watch returns nil when ctx ends, or an error as soon as the hub has failed to
// store: ErrDiskFull if the disk has no room, else ErrStore. Such a hub still answers,
// but refuses or ignores what it should store, until it is closed and opened again.
// That the other two of three are away is no such failure: see Quorum.
func (h *Hub) Watch(ctx context.Context) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	making := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.closed:
			return nil
		case <-ticker.C:
		}
		err := h.health()
		if making++; !unregistered(err) {
			making = 0
		}
		if err != nil && (making == 0 || making == makingLooks) {
			return fmt.Errorf("watch hub: %w", err)
		}
	}
}

// health asks the server whether it stores what it is given.
func (h *Hub) health() error {
	flaw := h.flaw()
	if flaw == "" || !h.server.Running() { // which it is not while it closes
		return nil
	}
	if err := h.folder.checkRoom(); errors.Is(err, ErrDiskFull) {
		return err
	}
	return fmt.Errorf("%w: %s", ErrStore, flaw)
}

// flaw is what keeps the server from storing; empty if there is nothing. A hub that runs alone
// has no excuse. One of three is unwell whenever the others are away, or it is
// behind them, and gets well by itself.
func (h *Hub) flaw() string {
	if h.site.cluster == nil {
		if text := h.server.Healthz(nil).Error; !unlooked(text) {
			return text
		}
		return "" // it is asked again soon
	}
	if !h.server.JetStreamEnabled() { // it disables itself when its disk is full
		return "JetStream was disabled"
	}
	for _, e := range h.server.Healthz(&server.HealthzOptions{Details: true}).Errors {
		if storeFailed(e.Error) {
			return e.Error
		}
	}
	return ""
}

// unlooked reports whether a server has looked at nothing: it gives itself a millisecond to see that its listeners are there,
// and where the machine is so busy that this passes before the first look, it says that it is not ready, and names none that
// is missing. That says nothing of what it stores.
func unlooked(text string) bool {
	_, missing, notReady := strings.Cut(text, "failed to be ready for connections after 1ms: ")
	return notReady && missing == ""
}

// unregistered reports whether a stream has a folder, and the server does not know it. It makes the folder first, and takes note of the
// stream when all is on the disk, so for a moment a stream that is being made looks like one that could not be recovered.
func unregistered(err error) bool {
	return err != nil && strings.Contains(err.Error(), " could not be recovered")
}

// storeFailed reports whether a server is unwell since its disk failed it. It says so
// only in words: of a stream, a consumer or a raft group that stopped after a "write
// error", and of the list of streams after an "apply error".
func storeFailed(text string) bool {
	return strings.Contains(text, "write error: ") || strings.Contains(text, "apply error: ")
}
