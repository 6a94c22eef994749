package cluster_test

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestHubGrows: streams that were made by a hub of one server become those of three as the README says: two are
// edited, and the history is made anew, with what the control stream has.
func TestHubGrows(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.StartThree(t)
	nc := hub.Connect(t)
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		t.Fatal(err)
	}
	insist(t, "streams of one", func() error { return (cluster.Schema{Replicas: 1}).Ensure(t.Context(), nc, names) })
	put(t, nc, names.Command("d", "c"), encode(t, &roostv1.CommandRecord{DeviceId: "d", CommandId: "c", State: succeeded}))
	js := jetStream(t, nc)
	grow := func(name string) error {
		config := mustStream(t, js, name).CachedInfo().Config
		config.Replicas = 3
		_, err := js.UpdateStream(t.Context(), config)
		return err
	}
	for _, name := range []string{names.ControlStream(), names.ReadingsStream()} {
		if err := grow(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := grow(names.CommandsStream()); err == nil {
		t.Error("the history can be edited: the README says that it cannot")
	}
	if err := js.DeleteStream(t.Context(), names.CommandsStream()); err != nil {
		t.Fatal(err)
	}
	insist(t, "the history of three", func() error { return ensure(t, nc) })
	if c := mustStream(t, js, names.CommandsStream()).CachedInfo().Config; c.Replicas != 3 || c.PersistMode != jetstream.DefaultPersistMode {
		t.Errorf("got %d replicas, persist mode %v", c.Replicas, c.PersistMode)
	}
	until(t, "the history has the command", func() bool {
		_, err := mustStream(t, js, names.CommandsStream()).GetLastMsgForSubject(t.Context(), names.Command("d", "c"))
		return err == nil
	})
}
