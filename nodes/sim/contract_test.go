package sim_test

import (
	"fmt"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The driver keeps the contract of package actors with this hardware.
func TestDriverContract(t *testing.T) {
	for _, share := range []string{"false", "true"} {
		t.Run("share "+share, func(t *testing.T) {
			devices := []sim.Device{{ID: "rig", Fenced: true}}
			for i := range 16 { // the ids that drivertest gives to the others
				devices = append(devices, sim.Device{ID: fmt.Sprintf("rig-%d", i)})
			}
			b := start(t, sim.Config{Devices: devices})
			bad := b.device("rig")
			bad.Spec.Address["hardware"] = "somewhere"
			drivertest.Run(t, newDriver("gw-1"), b.device("rig", "share", share), drivertest.Options{
				Actions: []actors.Action{
					action("c-1", wire.ResourceSetpoint, roostv1.Double(21.5), 3),
					action("c-2", wire.ResourceDose, roostv1.Uint(5), 3),
					action("c-3", wire.ResourcePulse, roostv1.Bool(true), 3),
				},
				Refused: []actors.Action{
					action("c-4", wire.ResourceSetpoint, roostv1.Double(100.5), 3),
					action("c-5", wire.ResourceSetpoint, roostv1.Text("warm"), 3),
					action("c-6", wire.ResourceDose, roostv1.Double(-1), 3),
					action("c-7", wire.ResourcePulse, roostv1.Bool(false), 3),
					action("c-8", wire.ResourceValue, roostv1.Double(1), 3),
					action("c-9", wire.ResourceSetpoint, roostv1.Double(1), 2),
				},
				Bad: []actors.Device{bad},
			})
			if breaches := sim.OneDriver(b.stop(t)); len(breaches) > 0 {
				t.Errorf("breaches: %+v", breaches)
			}
		})
	}
}
