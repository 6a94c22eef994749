package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/nodes/doctor"
)

// TestReplicasFound: streams that are on fewer servers than there are, and a server that is away.
func TestReplicasFound(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of short runs: three servers and an election take their time")
	}
	trio := clustertest.StartThree(t)
	nc := connected(t, trio.URL())
	if err := (cluster.Schema{Replicas: 1}).Ensure(t.Context(), nc, names(t)); err != nil {
		t.Fatal(err)
	}
	cfg := doctor.Config{Connect: dial(trio.URL())}
	found := examine(t, cfg)
	want(t, found, "replicas", doctor.Unsafe, "ROOST_roost_CONTROL is on 1 server of 3")
	if mend := found["replicas"].Mend; mend != "nats stream edit ROOST_roost_CONTROL --replicas 3" {
		t.Errorf("to mend: %q", mend)
	}
	for _, stream := range []string{names(t).ControlStream(), names(t).ReadingsStream()} {
		changeStream(t, nc, stream, false, func(c *jetstream.StreamConfig) { c.Replicas = 3 })
	}
	found = examine(t, cfg) // at first the others have no leader
	for end := time.Now().Add(longest); strings.Contains(found["replicas"].Seen, "no leader") && time.Now().Before(end); {
		found = examine(t, cfg)
	}
	want(t, found, "replicas", doctor.Unsafe, "ROOST_roost_COMMANDS is on 1 server of 3")
	if mend := found["replicas"].Mend; !strings.HasPrefix(mend, "nats stream rm ROOST_roost_COMMANDS, and start") {
		t.Errorf("to mend: %q", mend)
	}
	js, err := jetstream.New(nc)
	if err == nil {
		err = js.DeleteStream(t.Context(), names(t).CommandsStream())
	}
	if err != nil {
		t.Fatal(err)
	}
	fleetOf(t, nc)
	eventually(t, cfg, "replicas", doctor.OK, "each stream on 3 servers")
	trio.Kill(0)
	eventually(t, cfg, "replicas", doctor.Warning, "hub-0 is ")
}

// eventually looks again until a finding is as wanted.
func eventually(t *testing.T, cfg doctor.Config, check string, state doctor.State, text string) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); ; {
		found := examine(t, cfg)
		if f := found[check]; f.State == state && strings.Contains(f.Seen, text) || time.Now().After(end) {
			want(t, found, check, state, text)
			return
		}
	}
}
