package fleetfile_test

import (
	"fmt"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/host"
	"github.com/roost-iot/roost/actors/drivers/sim"
	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// builtIn returns the profiles that come with the drivers, by id.
func builtIn() map[string]*roostv1.Profile {
	profiles := map[string]*roostv1.Profile{host.ProfileID: host.Profile()}
	for _, p := range sim.Profiles() {
		profiles[p.Id] = p
	}
	return profiles
}

// The example can be run as it is: its drivers understand every device of it.
func TestExample(t *testing.T) {
	profiles := builtIn()
	fleet, err := fleetfile.Parse(fleetfile.ExampleName, fleetfile.Example(), roostv1.WithDrivers(host.Name, sim.Name),
		roostv1.WithProfiles(func(id string) *roostv1.Profile { return profiles[id] }))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range fleet.Profiles {
		if profiles[p.Id] != nil {
			t.Errorf("profile %s is one that comes with a driver", p.Id)
		}
		profiles[p.Id] = p
	}
	drivers := map[string]actors.Checker{host.Name: &host.Driver{}, sim.Name: sim.NewDriver(nil)}
	count := make(map[string]int)
	for _, d := range fleet.Devices {
		count[d.Driver]++
		if err := drivers[d.Driver].Check(actors.Device{Spec: d, Profile: profiles[d.Profile]}); err != nil {
			t.Errorf("device %s: %v", d.Id, err)
		}
	}
	if count[host.Name] != 1 || count[sim.Name] != 4 {
		t.Errorf("devices by driver = %v, want one of the host and four simulated ones", count)
	}
}

// Callers cannot spoil the example for each other.
func TestExampleIsACopy(t *testing.T) {
	fleetfile.Example()[0] = 0
	if fleetfile.Example()[0] == 0 {
		t.Error("the example was changed")
	}
}

func ExampleParse() {
	const file = `devices:
  - id: pump
    profile: sim-pump
    driver: sim
    poll_interval: 5
    adress: {kind: pump}
`
	_, err := fleetfile.Parse("fleet.yaml", []byte(file))
	fmt.Println(err)
	// Output:
	// fleet.yaml:5:20: poll_interval: 5 has no unit: write 5s for seconds
	//         poll_interval: 5
	//                        ^
	// fleet.yaml:6:5: there is no field "adress" here; did you mean address?
	//         adress: {kind: pump}
	//         ^
}

// BenchmarkParse reads a fleet of 1,000 devices.
func BenchmarkParse(b *testing.B) {
	file := []byte("profiles: [{id: p}]\ndevices:\n")
	for i := range 1000 {
		file = fmt.Appendf(file, `- id: device-%d
  profile: p
  driver: modbus
  address: {host: 10.0.0.%d, unit: %d}
  poll_interval: 5s
  supervision: {base_delay: 500ms, max_failures: 8}
  labels: {site: hall-%d, medium: water}
`, i, i%256, i/256, i%7)
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := fleetfile.Parse("fleet.yaml", file); err != nil {
			b.Fatal(err)
		}
	}
}
