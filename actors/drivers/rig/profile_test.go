package rig_test

import (
	"testing"

	"github.com/roost-iot/roost/actors/drivers/rig"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestProfileIsValid(t *testing.T) {
	fleet := &roostv1.Fleet{
		Profiles: []*roostv1.Profile{rig.Profile()},
		Devices: []*roostv1.DeviceSpec{{
			Id: "rig-1", Profile: rig.ProfileID, Driver: rig.Name, Address: map[string]string{"hardware": "127.0.0.1:4777"},
		}},
	}
	if err := roostv1.ValidateFleet(fleet).Err(); err != nil {
		t.Error(err)
	}
}
