package run_test

import (
	"slices"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// TestOneFaultEach: what is under a fault is no target of another one, by whatever name, until it is well.
func TestOneFaultEach(t *testing.T) {
	world := func() plan.World {
		return plan.World{
			Gateways: []string{"gw-1", "gw-2"}, Hubs: []string{"hub-1"}, Devices: []string{"rig-1", "rig-2"},
			Owners: map[string]string{"rig-1": "gw-1", "rig-2": "gw-2"}, Leader: "hub-1",
		}
	}
	h := run.NewHospital()
	if !h.Take("gw-1", "hub-1") || h.Take("gw-2", "gw-1") || !h.Take("gw-2") {
		t.Error("targets are taken all or none, and once")
	}
	h.Give("gw-2")
	free := h.Free(world())
	if !slices.Equal(free.Gateways, []string{"gw-2"}) || len(free.Hubs) != 0 || free.Leader != "" || len(free.Owners) != 1 || free.Owners["rig-2"] != "gw-2" {
		t.Errorf("free: %+v", free)
	}
	h.Give("gw-1", "hub-1")
	if free := h.Free(world()); len(free.Gateways) != 2 || free.Leader != "hub-1" || !h.Take("gw-1") {
		t.Errorf("well again: %+v", free)
	}
}
