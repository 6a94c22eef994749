package cluster_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestHubLeaderKilled: when the leader of a hub of three is killed, or stops without a word, writes wait for
// an election that takes longer than a lease. Nobody is evicted for it, and no bus changes hands.
func TestHubLeaderKilled(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.StartThree(t)
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		t.Fatal(err)
	}
	nc := hub.Connect(t)
	insist(t, "streams of three", func() error { return ensure(t, nc) })
	client, err := cluster.NewClient(nc, "test")
	if err != nil {
		t.Fatal(err)
	}
	devices := manyDevices(20)
	apply(t, client, devices...)
	var members []*member
	for _, id := range []string{"g1", "g2", "g3"} {
		m := &member{host: newHost(id)}
		m.Gateway, m.stop = runGateway(t, cluster.Config{
			Fleet: "test", ID: id, Conn: hub.Connect(t), Host: m.host, Logger: clustertest.Logger(t),
			LeaveTimeout: askWait, Lease: lease.Terms{Lease: 2 * time.Second},
		})
		members = append(members, m)
	}
	untilWithin(t, 2*askWait, "all is where it should be", func() bool { return placed(members, devices) })

	for _, hit := range []struct {
		name       string
		hurt, mend func(int)
	}{
		{"killed", hub.Kill, hub.Restart},
		{"paused", hub.Pause, hub.Continue},
	} {
		before := map[string]*roostv1.Assignment{}
		incarnations := map[*member]string{}
		for _, m := range members {
			incarnations[m] = m.Incarnation()
			for bus, a := range m.host.served() {
				before[bus] = a
			}
		}
		leader := hub.Leader(names.ControlStream())
		renewal := members[0].Picture().Member("g1").GetRenewal()
		hit.hurt(leader)
		untilWithin(t, 3*askWait, "renewals go on with the leader "+hit.name, func() bool {
			for _, m := range members {
				if !m.Fence().Open() || m.Picture().Member("g1").GetRenewal() < renewal+12 {
					return false
				}
			}
			return true
		})
		hit.mend(leader)
		for _, m := range members {
			if m.Incarnation() != incarnations[m] {
				t.Errorf("leader %s: %s lost its lease", hit.name, m.host.gateway)
			}
			for bus, a := range m.host.served() {
				if was := before[bus]; was.GetEpoch() != a.Epoch {
					t.Errorf("leader %s: bus %s went from epoch %d to %d", hit.name, bus, was.GetEpoch(), a.Epoch)
				}
			}
		}
		hub.Current(names.ControlStream())
	}
}
