package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestDesired(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	desired := &roostv1.Desired{
		DeviceId: "pump", Revision: 3, Sender: "ann@desk", Reason: "night", ChangedAt: timestamppb.New(now.Add(-time.Minute)),
		Values:    map[string]*roostv1.Value{"speed": roostv1.Double(900), "mode": roostv1.Text("auto"), "flow": {}},
		Revisions: map[string]uint64{"speed": 2, "mode": 3, "flow": 3},
	}
	if got, want := console.Desired(desired), "revision 3: mode=auto speed=900"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := console.Desired(&roostv1.Desired{Revision: 4}), "revision 4: nothing"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	view := cluster.DeviceView{Profile: pumpProfile(), Status: &roostv1.DeviceStatus{
		DeviceId: "pump", Gateway: "gw-1", Epoch: 7, DesiredRevision: 3, AppliedRevision: 2,
		Resources: []*roostv1.ResourceState{{Resource: "speed", Value: roostv1.Double(900), AppliedRevision: 2}, {Resource: "mode", Value: roostv1.Text("off"), AppliedRevision: 1}},
	}}
	show := func() string {
		var out bytes.Buffer
		if err := console.Device(console.Screen{Writer: &out}, view, desired, now); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for _, want := range []string{
		"desired     revision 3, not applied yet (revision 2 is)\n",
		"desired by  ann@desk, 1m ago: night\n",
		`
DESIRED  VALUE        REPORTED     REVISION  APPLIED
mode     auto         off                 3  revision 1
speed    900 rev/min  900 rev/min         2  yes
`,
	} {
		if got := show(); !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwithout\n%s", got, want)
		}
	}
	// A pump that speeds up shows in another resource what it was set to.
	view.Profile.Resource("speed").Readback = "speed.set"
	view.Profile.Resources = append(view.Profile.Resources, &roostv1.Resource{Name: "speed.set"})
	view.Status.Resources[0].Value = roostv1.Double(57)
	view.Status.Resources = append(view.Status.Resources, &roostv1.ResourceState{Resource: "speed.set", Value: roostv1.Double(900)})
	if got := show(); !strings.Contains(got, "speed    900 rev/min  900 rev/min         2  yes\n") {
		t.Errorf("with a read-back: got\n%s", got)
	}
	view.Status.AppliedRevision = 3
	if got := show(); !strings.Contains(got, "desired     revision 3, applied\n") {
		t.Errorf("applied: got\n%s", got)
	}
	desired.Values = nil
	if got := show(); !strings.Contains(got, "desired     nothing, since revision 3\n") || strings.Contains(got, "APPLIED") {
		t.Errorf("nothing any more: got\n%s", got)
	}
	if desired = nil; strings.Contains(show(), "esired") {
		t.Errorf("without a wish: got\n%s", show())
	}
}
