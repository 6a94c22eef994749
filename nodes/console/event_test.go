package console_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestLine(t *testing.T) {
	at := timestamppb.New(time.Date(2026, 3, 1, 12, 0, 5, 0, time.Local))
	away := roostv1.Errorf(roostv1.ErrOffline, "poll: no answer\nin time")
	tests := []struct {
		event *roostv1.Event
		want  string
	}{
		{
			&roostv1.Event{DeviceId: "cellar", Kind: roostv1.EventKind_EVENT_KIND_FAILED, Status: away, Attempt: 2, NextDelay: durationpb.New(340 * time.Millisecond)},
			"12:00:05  cellar      failed: poll: no answer in time; attempt 2 in 340ms",
		},
		{
			&roostv1.Event{DeviceId: "cellar", Kind: roostv1.EventKind_EVENT_KIND_QUARANTINED, Status: away, Attempt: 9, NextDelay: durationpb.New(20 * time.Second)},
			"12:00:05  cellar      quarantined: poll: no answer in time; restarts ran out, next probe in 20s",
		},
		{
			&roostv1.Event{DeviceId: "cellar", Kind: roostv1.EventKind_EVENT_KIND_FAILED, Message: "not opened: no driver"},
			"12:00:05  cellar      failed: not opened: no driver",
		},
		{
			&roostv1.Event{DeviceId: "cellar", Kind: roostv1.EventKind_EVENT_KIND_ONLINE, Message: "answers"},
			"12:00:05  cellar      online",
		},
		{
			&roostv1.Event{DeviceId: "a-long-device-id", Kind: roostv1.EventKind_EVENT_KIND_OPENED, Message: "opening with driver sim"},
			"12:00:05  a-long-device-id  opening with driver sim",
		},
		{
			&roostv1.Event{DeviceId: "pump", Kind: roostv1.EventKind_EVENT_KIND_COMMAND, Message: "start: SUCCEEDED"},
			"12:00:05  pump        start: SUCCEEDED",
		},
		{
			&roostv1.Event{Gateway: "gw-1", Kind: roostv1.EventKind_EVENT_KIND_GATEWAY, Message: "gateway gw-1 joined"},
			"12:00:05  gw-1        gateway gw-1 joined",
		},
		{
			&roostv1.Event{Bus: "line-1", Kind: roostv1.EventKind_EVENT_KIND_PARKED, Message: "\x1b[2Jset aside"},
			"12:00:05  line-1      parked: [2Jset aside",
		},
		{&roostv1.Event{}, "12:00:05  -           -"},
	}
	for _, test := range tests {
		test.event.At = at
		if got := console.Line(test.event, time.TimeOnly, false); got != test.want {
			t.Errorf("got\n%q\nwant\n%q", got, test.want)
		}
	}
}
