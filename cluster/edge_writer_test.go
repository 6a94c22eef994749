package cluster_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestDiskTakesNothing: while nothing can be stored a command that was taken is not sent, and no other is taken: who
// sends one is told at once, also where what cannot be refused any more waits for the disk. Then it goes on.
func TestDiskTakesNothing(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	h := newHost("g1").keeps()
	g, _ := o.alone(t, h)
	go g.SubmitLocal(t.Context(), setLimit("one", "pump"), time.Minute, func(*roostv1.CommandRecord, error) {})
	handed := h.nextHanded(t)
	commands := filepath.Join(o.folder, "commands")
	if err := os.Rename(commands, commands+"-gone"); err != nil {
		t.Fatal(err)
	}
	r := proto.CloneOf(handed.open[0].Record)
	if err := r.Enter(h.change(dispatched, handed.epoch)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	g.Journal().Record(handed.bus, handed.epoch, r, func(err error) { done <- err })
	for range 3 {
		began := time.Now()
		if _, err := sendLocal(t, g, setLimit("two", "pump")); !errors.Is(err, roostv1.ErrUnavailable) {
			t.Errorf("nothing can be stored: got %v, want ErrUnavailable", err)
		}
		if took := time.Since(began); took > askWait {
			t.Errorf("told after %v", took)
		}
	}
	select {
	case err := <-done:
		t.Fatalf("it was to be sent, though nothing can be stored: %v", err)
	default:
	}
	if err := os.Rename(commands+"-gone", commands); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if files := o.files(t); !slices.Equal(files, []string{"pump.one"}) || o.command(t, "pump.one").Record.State != dispatched {
		t.Errorf("on the disk: got %v", files)
	}
}
