package findmqtt_test

import (
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// checkWithDriver fails the test for each device that its driver does not take.
func checkWithDriver(t *testing.T, d *discover.Draft) {
	t.Helper()
	profiles := map[string]*roostv1.Profile{}
	for _, p := range d.Fleet.Profiles {
		profiles[p.Id] = p
	}
	for _, spec := range d.Fleet.Devices {
		if err := new(mqtt.Driver).Check(actors.Device{Spec: spec, Profile: profiles[spec.Profile]}); err != nil {
			t.Errorf("the driver does not take %s: %v", spec.Id, err)
		}
	}
}
