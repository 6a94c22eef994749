package cluster_test

import (
	"errors"
	"testing"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestReadingsInDoubtAsGateway: a gateway with credentials may not read the readings stream, so it cannot look whether a
// batch is stored whose answer was lost. It sends it again: the device's later ones must not wait for ever.
func TestReadingsInDoubtAsGateway(t *testing.T) {
	hub := clustertest.StartSecured(t, "plant", clustertest.User{Name: "g1", Role: access.RoleGateway})
	names, err := cluster.SubjectsOf("plant")
	if err != nil {
		t.Fatal(err)
	}
	r, _ := startReadings(t, hub.Dial(t, "g1").Data, names)
	js := jetStream(t, hub.Dial(t, "admin").Data)
	config := mustStream(t, js, names.ReadingsStream()).CachedInfo().Config
	acknowledge := func(does bool) {
		t.Helper()
		config.NoAck = !does
		if _, err := js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
	}
	acknowledge(false)
	b := sampleBatch("d1", 4, 1, 3)
	if err := store(t, r, b); !errors.Is(err, roostv1.ErrOutcomeUnknown) {
		t.Fatalf("without an answer: got %v, want ErrOutcomeUnknown", err)
	}
	acknowledge(true)
	if err := store(t, r, b); err != nil {
		t.Fatalf("given again: %v", err)
	}
	if n := mustStream(t, js, names.ReadingsStream()).CachedInfo().State.Msgs; n != 1 {
		t.Errorf("the hub has it %d times, and remembers its id", n)
	}
}
