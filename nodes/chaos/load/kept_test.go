package load_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/load"
	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// readings is a control.Fleet that has nothing else.
type readings struct {
	control.Fleet
	tap *control.Tap
}

func (r readings) Tap() *control.Tap { return r.tap }

// serve serves the control socket of a gateway that has stored some batch, until the function that is returned is called.
func serve(t *testing.T, folder string, b *roostv1.ReadingBatch) (stop func()) {
	t.Helper()
	tap := control.NewTap()
	tap.Note(b)
	s, err := control.Open(control.Config{Folder: folder, Fleet: readings{tap: tap}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestKept: what each process of a gateway says that it has stored is written down, also after one has ended.
func TestKept(t *testing.T) {
	folder, err := os.MkdirTemp("", "kept") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(t.TempDir(), "kept.ndjson")
	to, err := history.Create(path, history.Header{Name: "kept"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- load.Kept(ctx, "gw-1", folder, to) }()
	for epoch := uint64(1); epoch <= 2; epoch++ {
		stop := serve(t, folder, &roostv1.ReadingBatch{DeviceId: "d", Epoch: epoch, FirstSequence: 5, Readings: make([]*roostv1.Reading, 3)})
		for len(acked(t, path)) < int(epoch) {
			wait(t)
		}
		stop()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := to.Close(); err != nil {
		t.Error(err)
	}
	for i, a := range acked(t, path) {
		if a.By != "gw-1" || a.Device != "d" || a.Epoch != uint64(i+1) || a.First != 5 || a.End() != 8 {
			t.Errorf("got %+v", a)
		}
	}
}

func acked(t *testing.T, path string) []*history.Acked {
	t.Helper()
	file, err := history.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []*history.Acked
	for _, r := range file.Records {
		if a, ok := r.(*history.Acked); ok {
			all = append(all, a)
		}
	}
	return all
}

func wait(t *testing.T) {
	t.Helper()
	timer := time.NewTimer(5 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}
