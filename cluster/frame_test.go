package cluster_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// messages are one of each kind that a frame carries, in the order of their fields.
func messages() []proto.Message {
	return []proto.Message{
		&roostv1.Read{Resources: []string{"temperature"}},
		&roostv1.Command{Id: "c-1", DeviceId: "d1", Name: "set", Timeout: durationpb.New(1), Arguments: map[string]*roostv1.Value{"limit": roostv1.Double(3)}},
		&roostv1.ReadResult{DeviceId: "d1", Gateway: "g2", Epoch: 7, Resources: []*roostv1.ResourceState{{Resource: "temperature", Value: roostv1.Double(20)}}},
		&roostv1.CommandRecord{CommandId: "c-1", State: roostv1.CommandState_COMMAND_STATE_SUCCEEDED},
		roostv1.Errorf(roostv1.ErrBusy, "too much"),
	}
}

// TestFrameIsItsSchema: what is written by hand is the message of the schema, and is read as such.
func TestFrameIsItsSchema(t *testing.T) {
	for _, m := range append(messages(), &roostv1.Read{}) {
		data, err := cluster.AppendFrame("g1", "run-1", "run-2", 1<<40, "d1", 4750, m)
		if err != nil {
			t.Fatal(err)
		}
		var frame roostv1.LiveFrame
		if err := proto.Unmarshal(data, &frame); err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		want := &roostv1.LiveFrame{Gateway: "g1", Incarnation: "run-1", Receiver: "run-2", Envelopes: []*roostv1.LiveEnvelope{
			envelopeOf(1<<40, "d1", 4750, m),
		}}
		if diff := cmp.Diff(want, &frame, protocmp.Transform()); diff != "" {
			t.Errorf("%T (-want +got):\n%s", m, diff)
		}
		gateway, incarnation, receiver, all, err := cluster.ReadFrame(data)
		if err != nil || gateway != "g1" || incarnation != "run-1" || receiver != "run-2" || len(all) != 1 {
			t.Fatalf("%T: read as %q %q %q %v, %v", m, gateway, incarnation, receiver, all, err)
		}
		if got := all[0]; got.Ask != 1<<40 || got.Device != "d1" || got.WaitMS != 4750 || !proto.Equal(got.Message, m) {
			t.Errorf("%T: read as %v", m, got)
		}
	}
}

func envelopeOf(ask uint64, device string, waitMS uint32, m proto.Message) *roostv1.LiveEnvelope {
	e := &roostv1.LiveEnvelope{Ask: ask, DeviceId: device, WaitMs: waitMS}
	switch m := m.(type) {
	case *roostv1.Read:
		e.Message = &roostv1.LiveEnvelope_Read{Read: m}
	case *roostv1.Command:
		e.Message = &roostv1.LiveEnvelope_Command{Command: m}
	case *roostv1.ReadResult:
		e.Message = &roostv1.LiveEnvelope_ReadResult{ReadResult: m}
	case *roostv1.CommandRecord:
		e.Message = &roostv1.LiveEnvelope_CommandRecord{CommandRecord: m}
	case *roostv1.Status:
		e.Message = &roostv1.LiveEnvelope_Status{Status: m}
	}
	return e
}

// TestFrameNotSent: a message that cannot be encoded leaves the frame as it was.
func TestFrameNotSent(t *testing.T) {
	data, err := cluster.AppendFrame("g1", "run-1", "run-2", 1, "d1", 0, &roostv1.Read{Resources: []string{"\xff"}})
	if err == nil {
		t.Error("text that is not UTF-8 was sent")
	}
	if _, _, _, all, err := cluster.ReadFrame(data); err != nil || len(all) != 0 {
		t.Errorf("the frame holds %v, %v, want nothing", all, err)
	}
}

// FuzzFrame: whatever comes, reading it ends without harm; and what the schema's own decoder takes
// is read as it reads it.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{})
	for _, m := range messages() {
		data, err := cluster.AppendFrame("g1", "run-1", "run-2", 3, "d1", 10, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)-3])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		gateway, incarnation, receiver, all, err := cluster.ReadFrame(data)
		if err != nil {
			return
		}
		var frame roostv1.LiveFrame
		if proto.Unmarshal(data, &frame) != nil {
			return
		}
		if frame.Gateway != gateway || frame.Incarnation != incarnation || frame.Receiver != receiver || len(frame.Envelopes) != len(all) {
			t.Fatalf("read as %q %q %q with %d envelopes, the schema says %v", gateway, incarnation, receiver, len(all), &frame)
		}
		for i, e := range frame.Envelopes {
			if e.Ask != all[i].Ask || e.DeviceId != all[i].Device {
				t.Fatalf("envelope %d read as %v, the schema says %v", i, all[i], e)
			}
		}
	})
}
