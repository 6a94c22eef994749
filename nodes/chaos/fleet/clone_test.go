package fleet_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
)

// TestClone: a clone has what the first one has on its disk, but for what is no file, or nothing; it is ended with the fleet. It is
// refused, and says who has its id.
func TestClone(t *testing.T) {
	var folder string
	f, _ := start(t, func(c *fleet.Config) { folder = c.Folder })
	for _, copied := range []bool{true, false} {
		clone, err := f.Clone("gw-1", copied)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(filepath.Join(folder, clone.Name))
		if copied != (err == nil && len(entries) > 0) {
			t.Errorf("%s, copied %v: has %v, %v", clone.Name, copied, entries, err)
		}
		if err := clone.Launch(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		outcome, words, err := clone.Ended(ctx)
		cancel()
		if err != nil || outcome != "exit status 69" || !strings.Contains(words, "gateway gw-1 is running already") {
			t.Errorf("%s: %q, %q, %v", clone.Name, outcome, words, err)
		}
	}
	if _, err := f.Clone("hub-1", false); err == nil {
		t.Error("a hub was cloned")
	}
	if clone, err := f.Clone("gw-2", false); err != nil || clone.Launch() != nil { // it is left running
		t.Error(err)
	}
}

// TestForget: what the hub stored before is stored once more under the same id, and what it stores from then on is not.
func TestForget(t *testing.T) {
	f, _ := start(t, nil)
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(f.Conn())
	if err != nil {
		t.Fatal(err)
	}
	duplicate := func(id string) bool {
		ack, err := js.Publish(t.Context(), names.Reading("rig-1", "gw-1"), nil, jetstream.WithMsgID(id))
		if err != nil {
			t.Fatal(err)
		}
		return ack.Duplicate
	}
	if duplicate("a") || !duplicate("a") {
		t.Fatal("an id is known once it is stored")
	}
	if err := f.Forget(t.Context(), 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if duplicate("a") || !duplicate("a") {
		t.Error("it was not forgotten, or nothing is remembered any more")
	}
	stream, err := js.Stream(t.Context(), names.ReadingsStream())
	if err != nil || stream.CachedInfo().Config.Duplicates != cluster.ReadingsDedup {
		t.Errorf("the stream is not as it was: %v", err)
	}
}
