package sim_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// enough acknowledgements before something is killed in the middle of the next.
const enough = 50

// A gateway is killed at an arbitrary moment. The log has all that it was told to be done, once, and
// how its session ended; the device is free for the next gateway.
func TestKilledGatewayLosesNoRecord(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", ExclusiveSession: true}}})
	c := startChild(t, childGateway, b.Addr())
	var acknowledged []string
	for range enough {
		acknowledged = append(acknowledged, c.line(t))
	}
	acknowledged = append(acknowledged, c.kill()...)
	s := eventually(t, func() (actors.Session, error) { return newDriver("gw-2").Open(t.Context(), b.device("rig")) })
	dosed := number(t, s, wire.ResourceDosed)

	records := b.stop(t)
	deeds := sim.Deeds(records)
	for _, id := range acknowledged {
		if done := deeds[sim.Deed{Device: "rig", Command: id, Resource: wire.ResourceDose}]; len(done) != 1 {
			t.Errorf("%s was acknowledged, and done %d times", id, len(done))
		}
	}
	if over := len(deeds) - len(acknowledged); over < 0 || over > 1 || float64(len(deeds)) != dosed {
		t.Errorf("%d were done and %v dosed; %d were acknowledged and one was under way", len(deeds), dosed, len(acknowledged))
	}
	if r := of(records, sim.KindClose)[0]; r.Gateway != "gw-child" || r.Seq < of(records, sim.KindAction)[len(deeds)-1].Seq {
		t.Errorf("its session ended as %+v", r)
	}
}

// The hardware itself is killed. Its log has all that it had acknowledged, and new hardware goes on behind it.
func TestKilledHardwareLosesNoRecord(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	for life := 1; life <= 2; life++ {
		c := startChild(t, childLog, log)
		opened, err := newDriver("gw-1").Open(t.Context(), deviceAt(c.line(t), "rig"))
		if err != nil {
			t.Fatal(err)
		}
		s := opened.(session)
		sent := 0
		for err == nil {
			if sent == enough {
				go c.cmd.Process.Kill() // beside the next actions
			}
			sent++
			id := fmt.Sprintf("c-%d-%d", life, sent)
			_, err = s.Actuate(t.Context(), action(id, wire.ResourceDose, roostv1.Double(1), 1))
		}
		cutOff(s)
		c.kill()
		acknowledged := sent - 1

		records, err := sim.Load(log)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(of(records, sim.KindStart)); got != life {
			t.Errorf("the log has %d starts, want %d", got, life)
		}
		deeds := sim.Deeds(records)
		for n := 1; n <= acknowledged; n++ {
			d := sim.Deed{Device: "rig", Command: fmt.Sprintf("c-%d-%d", life, n), Resource: wire.ResourceDose}
			if len(deeds[d]) != 1 {
				t.Errorf("%s was acknowledged, and is in the log %d times", d.Command, len(deeds[d]))
			}
		}
	}
}
