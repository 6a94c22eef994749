package hub

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrStore: the hub no longer stores what it is given, or not all of it.
var ErrStore = errors.New("hub does not store")

const watchInterval = time.Second

// Watch returns nil when ctx ends, or an error as soon as the hub has failed to
// store: ErrDiskFull if the disk has no room, else ErrStore. Such a hub still answers,
// but refuses or ignores what it should store, until it is closed and opened again.
func (h *Hub) Watch(ctx context.Context) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.closed:
			return nil
		case <-ticker.C:
		}
		if err := h.health(); err != nil {
			return fmt.Errorf("watch hub: %w", err)
		}
	}
}

// health asks the server whether its streams are well.
func (h *Hub) health() error {
	if !h.server.Running() {
		return nil // closing
	}
	status := h.server.Healthz(nil)
	if status.Error == "" {
		return nil
	}
	if err := h.folder.checkRoom(); errors.Is(err, ErrDiskFull) {
		return err
	}
	return fmt.Errorf("%w: %s", ErrStore, status.Error)
}
