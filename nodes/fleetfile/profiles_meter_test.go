package fleetfile_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestMeters: the profiles of energy meters read from pymodbus, as registers of the manual, what it was told that the manual's parameters are.
func TestMeters(t *testing.T) {
	peertest.Need(t, peertest.Module("pymodbus", "python3-pymodbus"))
	for model, want := range map[string]map[string]float64{
		"sdm120": {
			"voltage": 230.5, "current": 1.25, "power": -288, "apparent-power": 290, "reactive-power": 12.5, "power-factor": -0.99, "frequency": 50.02,
			"import": 1234.5, "export": 77.25, "total": 1311.75,
		},
		"sdm630": {
			"voltage-1": 231, "voltage-2": 232, "voltage-3": 233, "current-1": 1, "current-2": 2, "current-3": 3, "power-1": 231, "power-2": 464, "power-3": 699,
			"power-factor-1": 0.91, "power-factor-2": 0.92, "power-factor-3": 0.93, "current": 6, "power": 1394, "apparent-power": 1500, "reactive-power": 150,
			"power-factor": 0.92, "frequency": 49.98, "import": 5000.5, "export": 1.5, "voltage-1-2": 400, "voltage-2-3": 401, "voltage-3-1": 402,
			"current-neutral": 0.25, "total": 5002,
		},
	} {
		t.Run(model, func(t *testing.T) {
			at := peertest.FreeAddress(t, "tcp")
			meter := peertest.Start(t, peertest.Command{
				Name: peertest.Python, Args: []string{"testdata/meter.py", model, peertest.Port(at)}, Ready: []peertest.Ready{peertest.Listens(at)},
			})
			got := readMeter(t.Context(), t, "../../actors/drivers/modbus/profiles/eastron-"+model+".yaml", at)
			for name, value := range want {
				if math.Abs(got[name]-value) > 1e-4*math.Abs(value) {
					t.Errorf("%s is %v, want %v", name, got[name], value)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d values, want %d", len(got), len(want))
			}
			if said := meter.Output(); strings.Contains(said, "too many") {
				t.Errorf("the meter was asked for more than it gives: %s", said)
			}
		})
	}
}

// readMeter reads all resources of a profile from a meter at an address.
func readMeter(ctx context.Context, t *testing.T, file, at string) map[string]float64 {
	t.Helper()
	fleet, err := fleetfile.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	spec, profile := fleet.Devices[0], fleet.Profiles[0]
	spec.Address = map[string]string{"tcp": at, "unit": spec.Address["unit"], "most": spec.Address["most"]}
	s, err := new(modbus.Driver).Open(ctx, actors.Device{Spec: spec, Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range profile.Resources {
		names = append(names, r.Name)
	}
	samples, err := s.(actors.Poller).Poll(ctx, names)
	if err = errors.Join(err, s.Close(ctx)); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, s := range samples {
		n, ok := s.Value.Number()
		if !ok || s.Quality == roostv1.Quality_QUALITY_BAD {
			t.Errorf("%s has no value: %v", s.Resource, s.Reason)
			continue
		}
		values[s.Resource] = n
	}
	return values
}
