package hub_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"github.com/roost-iot/roost/nodes/hub"
)

// onStart is a log handler that calls a function when the server starts JetStream,
// and so holds it there until the function returns.
type onStart func()

func (onStart) Enabled(context.Context, slog.Level) bool { return true }
func (h onStart) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h onStart) WithGroup(string) slog.Handler          { return h }
func (h onStart) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "Starting JetStream") {
		h()
	}
	return nil
}

// Opening a large store takes long. When the caller has enough of it, Open returns, the
// folder stays locked for as long as the server is at it, and is free afterwards.
func TestContextEndsWhileStarting(t *testing.T) {
	data := t.TempDir()
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	goOn := make(chan struct{})
	slow := slog.New(onStart(func() {
		cancel(cause)
		<-goOn
	}))
	h, err := hub.Open(ctx, hub.Config{Data: data, Listen: "127.0.0.1:0", Logger: slow})
	if !errors.Is(err, cause) {
		t.Errorf("Open = %v, %v, want %v", h, err, cause)
	}
	refuse(t, hub.Config{Data: data}, hub.ErrFolderInUse)
	close(goOn)

	lock := flock.New(filepath.Join(data, "lock"))
	if err := lock.Lock(); err != nil { // waits for the hub
		t.Fatal(err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, data)
}
