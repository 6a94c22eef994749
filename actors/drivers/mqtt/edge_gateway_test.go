package mqtt_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestRealEdgeSupervised: a device behind an edge node that is commanded, and confirms it by its data; then the edge node hangs and comes back, and
// so does the broker.
func TestRealEdgeSupervised(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	edge := startEdge(t, b)
	d := with(press(b.at), "keepalive=1s presence_wait=2s")
	d.Profile.Resource("setpoint").SettleTime = durationpb.New(patience)
	d.Profile.Commands = append(d.Profile.Commands, &roostv1.CommandSpec{
		Name: "adjust", WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE, Confirmation: roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED,
		Arguments: []*roostv1.Argument{{Name: "to", Type: isDouble}},
		Steps:     []*roostv1.Step{{Resource: "setpoint", Source: &roostv1.Step_Argument{Argument: "to"}}},
	})
	d.Spec.Supervision = &roostv1.SupervisionPolicy{BaseDelay: durationpb.New(50 * time.Millisecond), MaxDelay: durationpb.New(200 * time.Millisecond), MaxFailures: 1000}
	store := newMemory(true)
	g := gateway(t, store, d)
	wantState(t, g, "press", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := g.Execute(ctx, &roostv1.Command{Id: "c1", DeviceId: "press", Name: "adjust", Arguments: map[string]*roostv1.Value{"to": roostv1.Double(41.5)}})
	if err != nil {
		t.Fatal(err)
	}
	if r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || r.Confirmation != roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED {
		t.Errorf("a write that the next data show: %s by %s, %s", r.State.Word(), r.Confirmation.Word(), r.Status.GetMessage())
	}

	edge.Pause(t)
	hung := time.Now()
	wantState(t, g, "press", roostv1.DeviceState_DEVICE_STATE_RESTARTING)
	t.Logf("the edge node hung, which its broker waits for: the device was away %v later", time.Since(hung).Round(time.Millisecond))
	if got := store.last("speed"); !strings.HasSuffix(got, "bad") {
		t.Errorf("the last reading of a device whose edge node hangs is %q, want a bad one", got)
	}
	edge.Resume(t)
	back := time.Now()
	wantState(t, g, "press", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	t.Logf("the edge node went on: the device was online %v later", time.Since(back).Round(time.Millisecond))

	b.Kill()
	wantState(t, g, "press", roostv1.DeviceState_DEVICE_STATE_RESTARTING)
	b.Restart(t)
	back = time.Now()
	wantState(t, g, "press", roostv1.DeviceState_DEVICE_STATE_ONLINE)
	t.Logf("the broker came back: the device was online %v later", time.Since(back).Round(time.Millisecond))
}
