package fleetfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	"github.com/roost-iot/roost/nodes/fleetfile"
)

// profiles returns the files with profiles of real products, which are in the folders of their drivers.
func profiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../actors/drivers/*/profiles/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("found the profiles %v, %v", files, err)
	}
	return files
}

// TestProfiles: each profile of a real product can be read, its driver takes it, and it says where its facts are from.
func TestProfiles(t *testing.T) {
	drivers := map[string]actors.Checker{modbus.Name: new(modbus.Driver), mqtt.Name: new(mqtt.Driver), snmp.Name: new(snmp.Driver)}
	for _, file := range profiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(text), "\n# Source: ") {
				t.Errorf("%v; it must say its source", err)
			}
			fleet, err := fleetfile.Parse(file, text)
			if err != nil {
				t.Fatal(err)
			}
			if len(fleet.Profiles) != 1 || len(fleet.Devices) != 1 {
				t.Fatalf("it has %d profiles and %d devices", len(fleet.Profiles), len(fleet.Devices))
			}
			device := actors.Device{Spec: fleet.Devices[0], Profile: fleet.Profiles[0]}
			if device.Spec.Driver != filepath.Base(filepath.Dir(filepath.Dir(file))) {
				t.Errorf("it is of the driver %s, and not in its folder", device.Spec.Driver)
			}
			if err := drivers[device.Spec.Driver].Check(device); err != nil {
				t.Error(err)
			}
		})
	}
}
