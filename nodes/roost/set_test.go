package main_test

import (
	"strings"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const setFleet = `
devices:
  - {id: room, profile: sim-thermostat, driver: sim, poll_interval: 100ms}
  - {id: away, profile: sim-thermostat, driver: sim, poll_interval: 100ms, address: {fault.open.error: always}}
`

// TestSet: what is desired is applied, shown, and forgotten when it is not wished any more.
func TestSet(t *testing.T) {
	i := up(t, "", "--fleet", write(t, setFleet)).drain()
	steps := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"set", "room", "setpoint=21.5", "mode=heat", "--reason", "night", "--wait", "20s"}, 0, "desired of room, revision 1: mode=heat setpoint=21.5\nroom has applied revision 1, after "},
		{[]string{"device", "show", "room"}, 0, "setpoint  21.5 °C  21.5 °C          1  yes"},
		{[]string{"set", "room", "setpoint="}, 0, "desired of room, revision 2: mode=heat\n"},
		{[]string{"set", "room", "--clear", "mode"}, 0, "desired of room, revision 3: nothing\n"},
		{[]string{"device", "show", "room"}, 0, "nothing, since revision 3"},
		{[]string{"set", "room", "temperature=30"}, 1, "temperature cannot be written"},
		{[]string{"set", "room", "setpoint=99"}, 1, "above the maximum 35"},
		{[]string{"set", "nobody", "mode=off"}, 1, "there is no device nobody"},
		{[]string{"set", "away", "mode=off", "--wait", "200ms"}, 2, "revision 1 is not applied after 200ms: the device is "},
	}
	for _, step := range steps {
		if got := i.run(step.args...); got.code != step.code || !strings.Contains(got.out+got.err, step.want) {
			t.Errorf("%q: exit code %d, want %d and %q:\n%s%s", step.args, got.code, step.code, step.want, got.out, got.err)
		}
	}
	got := parse(t, i.run("set", "room", "mode=heat", "--json", "--wait", "20s"), func() *roostv1.Desired { return &roostv1.Desired{} })
	if len(got) != 1 || got[0].Revision != 4 || got[0].Values["mode"].Format() != "heat" {
		t.Errorf("in JSON: got %v", got)
	}
}
