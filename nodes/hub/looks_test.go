package hub_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/nodes/hub"
)

// unrecovered is what a server says of a stream that it does not have.
func unrecovered(stream string) server.HealthzError {
	return server.HealthzError{
		Type: server.HealthzErrorStream, Account: "$G", Stream: stream,
		Error: fmt.Sprintf("JetStream stream '$G > %s' could not be recovered", stream),
	}
}

var (
	frozen = server.HealthzError{Type: server.HealthzErrorStream, Error: "JetStream stream '$G > S' write error: input/output error"}
	blind  = server.HealthzError{Type: server.HealthzErrorConn, Error: "failed to be ready for connections after 1ms: "}
)

// TestFailedDiskIsNotHiddenByStreamBeingMade: the hub ended only for the first thing that was wrong, so a stream that was being made
// kept it from seeing that its disk had failed.
func TestFailedDiskIsNotHiddenByStreamBeingMade(t *testing.T) {
	look := hub.Looks()
	if got := look(unrecovered("MAKING")); got != "" {
		t.Errorf("a stream that is being made: got %q", got)
	}
	if got := look(unrecovered("MAKING"), frozen); got != frozen.Error {
		t.Errorf("the disk failed meanwhile: got %q, want %q", got, frozen.Error)
	}
}

// TestLostStreamIsSeenOnBusyMachine: each look that saw nothing began the count of those that saw a stream that was not recovered
// anew, so on a busy machine the hub never ended. One that saw that all is well does.
func TestLostStreamIsSeenOnBusyMachine(t *testing.T) {
	look := hub.Looks()
	lost := unrecovered("LOST")
	for range 14 {
		look(lost)
	}
	if got := look(); got != "" {
		t.Errorf("all is well: got %q", got)
	}
	for n := range 14 {
		if got := look(lost) + look(blind); got != "" {
			t.Fatalf("look %d: got %q", n, got)
		}
	}
	if got := look(lost); got != lost.Error {
		t.Errorf("look 15: got %q, want %q", got, lost.Error)
	}
}

// TestEarlierStreamIsNotWaitedFor: a stream that was there before is not being made, unless it was seen to be well since.
func TestEarlierStreamIsNotWaitedFor(t *testing.T) {
	lost := unrecovered("S")
	look := hub.Looks("$G/S", "$G/T")
	if got := look(blind); got != "" {
		t.Errorf("nothing was seen: got %q", got)
	}
	if got := look(unrecovered("MAKING"), lost); got != lost.Error {
		t.Errorf("got %q, want %q", got, lost.Error)
	}
	look = hub.Looks("$G/S")
	look()
	if got := look(lost); got != "" {
		t.Errorf("one that is made anew: got %q", got)
	}
}

// TestLostStreamEndsHubAtOnce: a hub that could not recover a stream goes on for no longer than it takes to see that. In the 15 s
// that a stream has that is being made, a gateway would have made it anew, in its folder.
func TestLostStreamEndsHubAtOnce(t *testing.T) {
	data := t.TempDir()
	h := open(t, data)
	js := connect(t, h)
	insist(t, "make a stream", func(ctx context.Context) error {
		_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}})
		return err
	})
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
	defer cancel()
	h = open(t, data)
	if err := h.Watch(ctx); err != nil {
		t.Fatalf("it is all there: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}

	var sum string
	if err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == server.JetStreamMetaFileSum {
			sum = path
		}
		return err
	}); err != nil || sum == "" {
		t.Fatalf("there is no checksum of a stream: %v", err)
	}
	if err := os.WriteFile(sum, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := listing(t, filepath.Dir(sum))
	h = open(t, data)
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second) // fewer than 15 looks
	defer cancel()
	err := h.Watch(ctx)
	if !errors.Is(err, hub.ErrStore) || !strings.Contains(err.Error(), filepath.Dir(sum)) {
		t.Errorf("got %v, want ErrStore that names %s", err, filepath.Dir(sum))
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if after := listing(t, filepath.Dir(sum)); after != before {
		t.Errorf("its folder was changed: %s, and before %s", after, before)
	}
}

// listing names all that is in a folder.
func listing(t *testing.T, folder string) string {
	t.Helper()
	var names []string
	if err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}
