package roostv1_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestWithCheck(t *testing.T) {
	finds := func(problems ...roostv1.Problem) func(*roostv1.DeviceSpec, *roostv1.Profile) roostv1.Problems {
		return func(d *roostv1.DeviceSpec, _ *roostv1.Profile) roostv1.Problems {
			if d.Id == "pump-1" || d.Id == "pump-3" {
				return problems
			}
			return nil
		}
	}
	for _, test := range []struct {
		name  string
		found []roostv1.Problem
		want  []string
	}{
		{"nothing", nil, nil},
		{"of the device", []roostv1.Problem{{`address["host"]`, "is far away"}, {`address["port"]`, "is needed"}, {"", "is odd"}, {"commands.queue_limit", "is high"}}, []string{
			`devices[0].address["host"]: device pump-1: is far away`, `devices[0].address["port"]: device pump-1: port is needed`,
			`devices[0]: device pump-1: is odd`, `devices[0].commands.queue_limit: device pump-1: is high`,
			`devices[2].address["host"]: device pump-3: is far away`, `devices[2].address["port"]: device pump-3: port is needed`,
			`devices[2]: device pump-3: is odd`, `devices[2].commands.queue_limit: device pump-3: is high`,
		}},
		{"of the profile, once", []roostv1.Problem{{`resources[0].protocol["at"]`, "is needed"}, {"commands[0].steps", "are none"}, {"commands", "are many"}, {"resources[99]", "are more"}}, []string{
			`profiles[0].resources[0].protocol["at"]: resource flow: at is needed`, `profiles[0].commands[0].steps: command set_speed: are none`,
			`profiles[0].commands: profile pump: are many`, `devices[0].resources[99]: device pump-1: are more`, `devices[2].resources[99]: device pump-3: are more`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(roostv1.ValidateFleet(plant(), roostv1.WithCheck(finds(test.found...))))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemsOf(t *testing.T) {
	many := roostv1.Problems{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}
	if diff := cmp.Diff(many, roostv1.ProblemsOf(fmt.Errorf("driver: %w", many.Err()))); diff != "" {
		t.Errorf("of four problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(roostv1.Problems{{"", "broken"}}, roostv1.ProblemsOf(errors.New("broken"))); diff != "" {
		t.Errorf("of another error (-want +got):\n%s", diff)
	}
	if got := roostv1.ProblemsOf(nil); got != nil {
		t.Errorf("of nil: %v", got)
	}
}
