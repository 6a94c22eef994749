package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func record(state roostv1.CommandState, status *roostv1.Status) *roostv1.CommandRecord {
	return &roostv1.CommandRecord{
		CommandId: "c1", DeviceId: "pump", State: state, Status: status,
		Command: &roostv1.Command{Id: "c1", DeviceId: "pump", Name: "set_speed", Arguments: map[string]*roostv1.Value{"rpm": roostv1.Double(900)}},
	}
}

func TestOutcome(t *testing.T) {
	limit := roostv1.Errorf(roostv1.ErrInvalid, "pump: set_speed: rpm = 9000 is above the maximum 3600")
	tests := []struct {
		state  roostv1.CommandState
		status *roostv1.Status
		want   string
		tone   console.Tone
	}{
		{roostv1.CommandState_COMMAND_STATE_SUCCEEDED, nil, "SUCCEEDED, device acknowledged", console.Good},
		{roostv1.CommandState_COMMAND_STATE_FAILED, roostv1.Errorf(roostv1.ErrRefused, "the valve is stuck"), "FAILED: the valve is stuck", console.Bad},
		{roostv1.CommandState_COMMAND_STATE_REJECTED, limit, "REJECTED, not sent: rpm = 9000 is above the maximum 3600", console.Bad},
		{roostv1.CommandState_COMMAND_STATE_EXPIRED, roostv1.Errorf(roostv1.ErrExpired, "too late"), "EXPIRED, not sent: too late", console.Bad},
		{roostv1.CommandState_COMMAND_STATE_CANCELLED, nil, "CANCELLED, not sent", console.Bad},
		{roostv1.CommandState_COMMAND_STATE_SUPERSEDED, nil, "SUPERSEDED, not sent", console.Bad},
		{roostv1.CommandState_COMMAND_STATE_UNKNOWN, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "no answer"), "UNKNOWN: no answer", console.Doubt},
		{roostv1.CommandState_COMMAND_STATE_UNKNOWN, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "unknown: the gateway stopped after sending"), "UNKNOWN: the gateway stopped after sending", console.Doubt},
		{roostv1.CommandState_COMMAND_STATE_INDETERMINATE, nil, "INDETERMINATE, unknown for good", console.Doubt},
		{roostv1.CommandState_COMMAND_STATE_DISPATCHED, nil, "DISPATCHED, sent: the device has not answered yet", console.Doubt},
		{roostv1.CommandState_COMMAND_STATE_ACCEPTED, nil, "ACCEPTED, not yet sent", console.Doubt},
		{99, nil, "99, not yet sent", console.Doubt},
	}
	for _, test := range tests {
		got := console.Outcome(record(test.state, test.status))
		if want := (console.Cell{Text: test.want, Tone: test.tone}); got != want {
			t.Errorf("%v: got %v, want %v", test.state, got, want)
		}
	}
	queued := record(roostv1.CommandState_COMMAND_STATE_QUEUED, nil)
	queued.QueueReason = roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY
	if got, want := console.Outcome(queued).Text, "QUEUED, not yet sent: device away"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := console.Outcome(nil).Text; got != "-, not yet sent" {
		t.Errorf("no record: got %q", got)
	}
}

func TestConfirmed(t *testing.T) {
	for confirmation, want := range map[roostv1.Confirmation]string{
		roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK:    "SUCCEEDED, device acknowledged",
		roostv1.Confirmation_CONFIRMATION_READBACK:        "SUCCEEDED, verified by read-back",
		roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED: "SUCCEEDED, the device reported it",
	} {
		r := record(roostv1.CommandState_COMMAND_STATE_SUCCEEDED, nil)
		r.Confirmation = confirmation
		if got := console.Outcome(r).Text; got != want {
			t.Errorf("%v: got %q, want %q", confirmation, got, want)
		}
	}
}

// TestRecord: what the device answered, which writes were begun, and who did it.
func TestRecord(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := record(roostv1.CommandState_COMMAND_STATE_FAILED, roostv1.Errorf(roostv1.ErrRefused, "no"))
	r.Gateway, r.Epoch = "gw-1", 7
	r.DispatchedAt, r.FinishedAt = timestamppb.New(at), timestamppb.New(at.Add(20*time.Millisecond))
	r.Steps = []*roostv1.StepResult{
		{Resource: "speed", Value: roostv1.Double(900), State: roostv1.CommandState_COMMAND_STATE_FAILED},
		{Resource: "run", Value: roostv1.Bool(true)},
	}
	r.Results = map[string]*roostv1.Value{"firmware": roostv1.Text("a=b")}
	r.Evidence = []*roostv1.Evidence{{Text: "late answer: done"}}
	var out bytes.Buffer
	if err := console.Record(console.Screen{Writer: &out}, r); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
pump set_speed rpm=900: FAILED: no
  write      speed=900 failed
  write      run=true not begun
  firmware   "a=b"
  later      late answer: done
  command    c1
  served by  gw-1, epoch 7, in 20ms
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
