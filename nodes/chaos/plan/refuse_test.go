package plan_test

import (
	"bytes"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// TestSlipsAreRefused: a plan by hand with a misspelt word, or two faults of one id, is not carried out in part.
func TestSlipsAreRefused(t *testing.T) {
	p := plan.Plan{Version: plan.Version, Settings: plan.Defaults(), Entries: []plan.Entry{{ID: "f1", Fault: plan.Kill, Target: plan.TargetAny}}}
	text := p.JSON()
	if _, err := plan.Parse(text); err != nil {
		t.Fatal(err)
	}
	p.Entries = append(p.Entries, p.Entries[0])
	for _, bad := range [][]byte{p.JSON(), bytes.Replace(text, []byte(`"seed"`), []byte(`"sede"`), 1)} {
		if _, err := plan.Parse(bad); err == nil {
			t.Errorf("it is taken: %s", bad)
		}
	}
}
