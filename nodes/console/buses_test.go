package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestBuses(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(now.Add(d)) }
	noAnswer := roostv1.Errorf(roostv1.ErrOffline, "poll: no answer")
	buses := []*roostv1.BusStatus{
		{Bus: "away", Devices: 2},
		{
			Bus: "line", Gateway: "gw-1", Epoch: 54, Devices: 10, Answering: 6, TurnsPerSecond: 17.4, Used: 0.954, WaitingCommands: 1, WaitingPolls: 12,
			LongestWait: durationpb.New(1400 * time.Millisecond),
			Silent: []*roostv1.SilentDevice{
				{DeviceId: "m1", State: roostv1.DeviceState_DEVICE_STATE_OFFLINE, Failures: 2, Since: in(-9 * time.Second), RestsUntil: in(4 * time.Second), NextAttempt: in(4 * time.Second), LastError: noAnswer},
				{DeviceId: "m2", State: roostv1.DeviceState_DEVICE_STATE_RESTARTING, Failures: 5, Since: in(-time.Minute), RestsUntil: in(2 * time.Second), NextAttempt: in(8 * time.Second), LastError: noAnswer},
				{DeviceId: "m3", State: roostv1.DeviceState_DEVICE_STATE_OFFLINE, Failures: 3, Since: in(-30 * time.Second), NextAttempt: in(-time.Second), LastError: noAnswer},
				{DeviceId: "m4", State: roostv1.DeviceState_DEVICE_STATE_QUARANTINED, LastError: noAnswer},
			},
		},
		{Bus: "pump", Gateway: "gw-2", Epoch: 7, Devices: 1, Answering: 1, TurnsPerSecond: 0.238, LongestWait: durationpb.New(0)},
	}
	var out bytes.Buffer
	if err := console.Buses(buses).Write(console.Screen{Writer: &out}); err != nil {
		t.Fatal(err)
	}
	if err := console.Silent(buses, now).Write(console.Screen{Writer: &out}); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
BUS   GATEWAY  DEVICES  ANSWERING  SILENT  TURNS/S  IN USE  COMMANDS WAIT  POLLS WAIT  LONGEST WAIT
away  -              2          -       -        -       -              -           -             -
line  gw-1          10          6       4       17     95%              1          12          1.4s
pump  gw-2           1          1       0     0.24      0%              0           0           0ms
SILENT  BUS   STATE        FAILED  SINCE    NEXT TRY      LAST ERROR
m1      line  offline           2  9s ago   in 4s, rests  poll: no answer
m2      line  restarting        5  1m ago   in 8s         poll: no answer
m3      line  offline           3  30s ago  now           poll: no answer
m4      line  quarantined       0  -        now           poll: no answer
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
