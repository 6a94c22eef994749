package drivertest

import (
	"testing"

	"github.com/roost-iot/roost/actors"
)

// Values polls all resources of a device once in a session of its own, and returns what each is, formatted, by name. A device that the
// driver refuses, and a poll that fails, end the test; a resource without a value fails it.
func Values(t testing.TB, driver actors.Driver, device actors.Device) map[string]string {
	t.Helper()
	if checker, ok := driver.(actors.Checker); ok {
		if err := checker.Check(device); err != nil {
			t.Fatal(err)
		}
	}
	session, err := driver.Open(t.Context(), device)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close(t.Context())
	var names []string
	for _, r := range device.Profile.GetResources() {
		names = append(names, r.GetName())
	}
	samples, err := session.(actors.Poller).Poll(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]string, len(samples))
	for _, sample := range samples {
		if sample.Value == nil {
			t.Errorf("%s has no value: %v", sample.Resource, sample.Reason)
			continue
		}
		values[sample.Resource] = sample.Value.Format()
	}
	return values
}
