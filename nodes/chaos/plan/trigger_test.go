package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// waits returns a plan with one entry.
func waits(e plan.Entry) *plan.Plan {
	e.ID = "f1"
	return &plan.Plan{Version: plan.Version, Settings: plan.Defaults(), Entries: []plan.Entry{e}}
}

// TestTriggers: what an entry may wait for, as it is written, read and shown.
func TestTriggers(t *testing.T) {
	for shown, e := range map[string]plan.Entry{
		"cmd.after-write, time 3":                     {Fault: plan.Kill, Target: plan.Owner("rig-7"), On: &plan.Trigger{Failpoint: failpoint.CommandAfterWrite, Hit: 3}},
		"driver.before-write, time 1":                 {Fault: plan.Pause, Target: plan.TargetAny, On: &plan.Trigger{Failpoint: failpoint.DriverWrite}},
		"cmd.after-intent, time 1 for rig-2 at gw-1":  {Fault: plan.Stall, Target: "gw-1", On: &plan.Trigger{Failpoint: failpoint.CommandAfterIntent, Node: "gw-1", Device: "rig-2"}},
		"cmd.after-intent, time 1 at target":          {Fault: plan.Stall, Target: plan.TargetAny, On: &plan.Trigger{Failpoint: failpoint.CommandAfterIntent, Node: plan.TargetSame}},
		"lease.after-read-before-cas, time 1 at gw-1": {Fault: plan.HubKill, Target: plan.TargetHubs, On: &plan.Trigger{Failpoint: "lease.after-read-before-cas", Node: "gw-1"}},
		"PUB 5 up at owner(rig-7)":                    {Fault: plan.Kill, Target: "gw-2", On: &plan.Trigger{Link: plan.Owner("rig-7"), Verb: "PUB", Count: 5}},
		"byte 18231 down at gw-2":                     {Fault: plan.Kill, Target: "gw-2", On: &plan.Trigger{Link: "gw-2", Direction: "down", Bytes: 18231}},
		"epoch(rig-7)>=40":                            {Fault: plan.Kill, Target: plan.TargetAll, On: &plan.Trigger{Event: "epoch(rig-7)>=40"}},
		"owners(rig-30)>=3":                           {Fault: plan.Behave, Target: "rig-30", On: &plan.Trigger{Event: "owners(rig-30)>=3"}},
		"-":                                           {Fault: plan.Kill, Target: plan.TargetAll},
	} {
		p := waits(e)
		read, err := plan.Parse(p.JSON())
		if err != nil {
			t.Errorf("%s: %v", shown, err)
			continue
		}
		if diff := cmp.Diff(p, read); diff != "" {
			t.Errorf("%s: written and read:\n%s", shown, diff)
		}
		if got := read.Entries[0].On.String(); got != shown {
			t.Errorf("shown as %q, want %q", got, shown)
		}
	}
}

// TestTriggersThatMakeNoSense are refused before anything is touched, and it is said why.
func TestTriggersThatMakeNoSense(t *testing.T) {
	for want, e := range map[string]plan.Entry{
		"has 0 of failpoint":            {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{}},
		"has 2 of failpoint":            {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Failpoint: failpoint.CommandAfterWrite, Event: "epoch(rig-1)>=1"}},
		"there is no failpoint":         {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Failpoint: "cmd.nowhere"}},
		"needs the node that passes it": {Fault: plan.Stall, Target: "gw-1", On: &plan.Trigger{Failpoint: failpoint.CommandAfterWrite}},
		`"all" is none`:                 {Fault: plan.Kill, Target: plan.TargetAll, On: &plan.Trigger{Failpoint: failpoint.CommandAfterWrite}},
		`"gw-9" is none`:                {Fault: plan.Stall, Target: "gw-1", On: &plan.Trigger{Failpoint: failpoint.CommandAfterWrite, Node: "gw-9"}},
		`"any" is none`:                 {Fault: plan.Stall, Target: "gw-1", On: &plan.Trigger{Link: plan.TargetAny, Bytes: 1}},
		`no device "rig-99"`:            {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Failpoint: failpoint.CommandAfterWrite, Device: "rig-99"}},
		"belong to a failpoint":         {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Link: "gw-1", Bytes: 1, Hit: 2}},
		"belong to a link":              {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Event: "epoch(rig-1)>=1", Count: 2}},
		"up or down":                    {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Link: "gw-1", Direction: "left", Bytes: 1}},
		"either messages (verb) or":     {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Link: "gw-1"}},
		"there is no verb":              {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Link: "gw-1", Bytes: 1, Count: 2}},
		"is neither epoch(DEVICE)>=N":   {Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Event: "epoch(rig-1)=4"}},
		"a panic at cmd.after-write":    {Fault: plan.Panic, Target: "rig-1", Params: plan.Params{Point: failpoint.CommandAfterWrite}},
		"fault kill has no point":       {Fault: plan.Kill, Target: "gw-1", Params: plan.Params{Point: failpoint.CommandAfterWrite}},
		"the clock is neither set":      {Fault: plan.Clock, Target: "gw-1"},
		"pace is -1":                    {Fault: plan.Clock, Target: "gw-1", Params: plan.Params{Pace: -1}},
	} {
		if _, err := plan.Parse(waits(e).JSON()); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "entry f1") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
