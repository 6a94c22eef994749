//go:build linux

package hub_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/nodes/hub"
)

func TestDiskFullAtStart(t *testing.T) {
	disk := clustertest.Mount(t, "size=16m")
	used, unused := filepath.Join(disk, "used"), filepath.Join(disk, "unused")
	if err := open(t, used).Close(); err != nil {
		t.Fatal(err)
	}
	junk := clustertest.Fill(t, disk)
	for _, data := range []string{used, unused} {
		message := refuse(t, hub.Config{Data: data}, hub.ErrDiskFull)
		if !strings.Contains(message, data) {
			t.Errorf("%q does not name %s", message, data)
		}
	}
	if err := os.Remove(junk); err != nil {
		t.Fatal(err)
	}
	open(t, used)
	open(t, unused)
}

// A disk that fills up under a hub: Watch says so, nothing that was acknowledged is
// lost, and a new hub works again once there is room.
func TestDiskFullWhileServing(t *testing.T) {
	disk := clustertest.Mount(t, "size=16m")
	data := filepath.Join(disk, "data")
	h := open(t, data)
	watch := make(chan error, 1)
	go func() { watch <- h.Watch(t.Context()) }()

	js := connect(t, h)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, 64<<10)
	rand.Read(payload)
	var acknowledged uint64
	var junk string
	for {
		if acknowledged == 20 && junk == "" {
			junk = clustertest.Fill(t, disk)
		}
		// Once the disk is full the server does not answer at all.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := js.Publish(ctx, "s", payload)
		cancel()
		if err != nil {
			break
		}
		acknowledged++
	}
	if err := <-watch; !errors.Is(err, hub.ErrDiskFull) {
		t.Errorf("Watch = %v, want %v", err, hub.ErrDiskFull)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}

	if err := os.Remove(junk); err != nil {
		t.Fatal(err)
	}
	js = connect(t, open(t, data))
	stream, err := js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.Msgs; got < acknowledged || acknowledged < 20 {
		t.Errorf("%d messages are there, %d had been acknowledged", got, acknowledged)
	}
	if _, err := js.Publish(t.Context(), "s", payload); err != nil {
		t.Errorf("publish after there was room again: %v", err)
	}
}

func TestFolderNotWritable(t *testing.T) {
	var parent string
	if os.Geteuid() == 0 { // whom permissions do not stop
		parent = clustertest.Mount(t, "size=1m,ro")
	} else {
		parent = t.TempDir()
		if err := os.Chmod(parent, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(parent, 0o700) })
	}
	for _, data := range []string{parent, filepath.Join(parent, "data")} {
		if message := refuse(t, hub.Config{Data: data}, hub.ErrNotWritable); !strings.Contains(message, parent) {
			t.Errorf("%q does not name %s", message, parent)
		}
	}
}

func TestWatchEnds(t *testing.T) {
	h := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Watch(ctx); err != nil {
		t.Errorf("Watch = %v when its context ended", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Watch(t.Context()); err != nil {
		t.Errorf("Watch = %v when the hub was closed", err)
	}
}

// TestStreamBeingMadeIsNoFailure: the server makes the folder of a stream before it knows the stream, so a hub that runs alone ended
// itself, as if its disk had failed, when it looked in between on a busy machine.
func TestStreamBeingMadeIsNoFailure(t *testing.T) {
	data := t.TempDir()
	h := open(t, data)
	js := connect(t, h)
	insist(t, "make a stream", func(ctx context.Context) error {
		_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "MADE", Subjects: []string{"made"}})
		return err
	})
	var streams string
	if err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "MADE" {
			streams = filepath.Dir(path)
		}
		return err
	}); err != nil || streams == "" {
		t.Fatalf("there is no folder of streams: %v", err)
	}
	if err := os.Mkdir(filepath.Join(streams, "MAKING"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := h.Health(); !errors.Is(err, hub.ErrStore) {
		t.Fatalf("the server does not look for streams any more: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // some looks
	defer cancel()
	if err := h.Watch(ctx); err != nil {
		t.Errorf("the hub would have ended: %v", err)
	}
}

// A disk that fills up under one of three: its Watch says so, the others serve on, and it
// catches up when it is opened with room.
func TestDiskFullOfOneOfThree(t *testing.T) {
	three := newTrio(t)
	disk := clustertest.Mount(t, "size=64m")
	three.data[2] = filepath.Join(disk, "data")
	three.open(t, 0, 1, 2)
	watch := make(chan error, 3)
	for i, h := range three.hubs {
		go func() {
			if err := h.Watch(t.Context()); err != nil {
				watch <- fmt.Errorf("hub %d: %w", i, err)
			}
		}()
		quorum(t, h)
	}
	js := connect(t, three.hubs[0])
	insist(t, "make a stream of three", func(ctx context.Context) error {
		_, err := js.CreateOrUpdateStream(ctx, replicated)
		return err
	})
	junk := clustertest.Fill(t, disk)
	payload := make([]byte, 8<<10)
	rand.Read(payload)
	publish := func(ctx context.Context) error {
		_, err := js.Publish(ctx, "r", payload)
		return err
	}
	acknowledged := uint64(0)
	for failed := false; !failed; acknowledged++ {
		insist(t, "publish", publish)
		select {
		case err := <-watch:
			failed = true
			if !errors.Is(err, hub.ErrDiskFull) || !strings.HasPrefix(err.Error(), "hub 2: ") {
				t.Errorf("got %v, want that hub 2's disk is full", err)
			}
		default:
		}
	}
	if err := three.hubs[2].Close(); err != nil {
		t.Error(err)
	}
	insist(t, "publish to two hubs", publish)
	if err := os.Remove(junk); err != nil {
		t.Fatal(err)
	}
	three.open(t, 2)
	insist(t, "catch up", func(ctx context.Context) error {
		stream, err := js.Stream(ctx, "R")
		if err != nil {
			return err
		}
		info := stream.CachedInfo()
		if info.State.Msgs < acknowledged {
			return fmt.Errorf("%d messages of %d", info.State.Msgs, acknowledged)
		}
		for _, r := range info.Cluster.Replicas {
			if !r.Current || r.Offline {
				return fmt.Errorf("%s is not current", r.Name)
			}
		}
		return nil
	})
	if len(watch) > 0 {
		t.Errorf("another hub failed: %v", <-watch)
	}
}
