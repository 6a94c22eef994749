package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func fleet(now time.Time) []*roostv1.DeviceStatus {
	return []*roostv1.DeviceStatus{
		{
			DeviceId: "cellar", Profile: "cellar-sensor", State: roostv1.DeviceState_DEVICE_STATE_RESTARTING, Gateway: "gw-1", Epoch: 54,
			LastSeen: timestamppb.New(now.Add(-4 * time.Second)), Restarts: 7,
			LastError: roostv1.Errorf(roostv1.ErrOffline, "poll: no answer"), NextAttempt: timestamppb.New(now.Add(3 * time.Second)),
		},
		{
			DeviceId: "pump", Profile: "pump", Driver: "sim", Bus: "pump", State: roostv1.DeviceState_DEVICE_STATE_ONLINE, Gateway: "gw-1", Epoch: 56,
			AdminState: roostv1.AdminState_ADMIN_STATE_LOCKED, LastSeen: timestamppb.New(now), Labels: map[string]string{"site": "a", "medium": "water"},
			Counters: &roostv1.DeviceCounters{ReadingsStored: 12}, LastError: roostv1.Errorf(roostv1.ErrOffline, "poll: no answer"),
			LastErrorAt: timestamppb.New(now.Add(-5 * time.Minute)),
			Resources: []*roostv1.ResourceState{
				{Resource: "speed", Value: roostv1.Double(900.5), Quality: roostv1.Quality_QUALITY_GOOD, AcquiredAt: timestamppb.New(now.Add(-time.Second))},
				{
					Resource: "temperature", Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR,
					AcquiredAt: timestamppb.New(now), Detail: `$.t: "warm" is not a number`,
				},
			},
		},
		{DeviceId: "valve", Profile: "valve", State: roostv1.DeviceState_DEVICE_STATE_UNPLACED},
	}
}

func TestDevices(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	if err := console.Devices(fleet(now), now).Write(console.Screen{Writer: &out}); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
DEVICE  PROFILE        STATE           GATEWAY  EPOCH  LAST SEEN  RESTARTS  LAST ERROR
cellar  cellar-sensor  restarting      gw-1        54  4s ago            7  poll: no answer
pump    pump           online, locked  gw-1        56  now               0  5m ago: poll: no answer
valve   valve          unplaced        -            -  never             0  -
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestDevice(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	devices := fleet(now)
	view := cluster.DeviceView{
		Spec:    &roostv1.DeviceSpec{Id: "pump", Description: "Feed pump", Address: map[string]string{"seed": "7"}, Revision: 3},
		Profile: pumpProfile(), Status: devices[1],
	}
	var out bytes.Buffer
	if err := console.Device(console.Screen{Writer: &out}, view, nil, now); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
device           pump
description      Feed pump
state            online, locked
last error       5m ago: poll: no answer
last seen        now
gateway          gw-1, epoch 56
profile          pump
driver           sim seed=7
bus              pump
labels           medium=water site=a
revision         3
readings stored  12

RESOURCE     VALUE          QUALITY            READ    ACCESS      LIMITS             DESCRIPTION
speed        900.5 rev/min  good               1s ago  read_write  0 to 3600 rev/min  Speed of the motor
temperature  -              bad, decode error  now     read        -                  Temperature of the motor
mode         -              -                  -       write       auto, off

RESOURCE     WHAT IS WRONG WITH ITS READING
temperature  $.t: "warm" is not a number

COMMAND         ARGUMENTS             KIND      DESCRIPTION
run rpm=DOUBLE  rpm from 100 rev/min  absolute  Run
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	// A device whose profile is lost, and that nobody serves, has still something to show.
	if err := console.Device(console.Screen{Writer: &out}, cluster.DeviceView{Status: devices[2]}, nil, now); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "none serves it") {
		t.Errorf("got\n%s", got)
	}
}

func TestGateways(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	status := func(id string, state roostv1.MemberState, clockAhead time.Duration) *roostv1.GatewayStatus {
		return &roostv1.GatewayStatus{
			GatewayId: id, State: state, Host: "plant", Pid: 7, Version: "v1", Incarnation: "i", StartedAt: timestamppb.New(now.Add(-time.Hour)),
			Buses: 3, Devices: 5, DevicesOnline: 4, Lease: durationpb.New(2 * time.Second), ClockAhead: durationpb.New(clockAhead),
		}
	}
	live, left := roostv1.MemberState_MEMBER_STATE_LIVE, roostv1.MemberState_MEMBER_STATE_LEFT
	suspended := status("gw-2", live, -3*time.Second)
	suspended.Suspended = true
	unsure := status("gw-3", roostv1.MemberState_MEMBER_STATE_DRAINING, 0)
	unsure.ClockAhead = nil
	suspended.Spool = &roostv1.SpoolStatus{State: roostv1.SpoolState_SPOOL_STATE_OK, Waiting: 700, Oldest: durationpb.New(90 * time.Second)}
	unsure.Spool = &roostv1.SpoolStatus{State: roostv1.SpoolState_SPOOL_STATE_FULL, Waiting: 5}
	var out bytes.Buffer
	if err := console.Gateways([]cluster.GatewayView{
		{Status: status("gw-1", live, 20*time.Millisecond), Answers: true}, {Status: suspended, Answers: true}, {Status: unsure, Answers: true},
		{Status: status("gw-4", live, 0)}, {Status: status("gw-5", left, 0)},
	}, now).Write(console.Screen{Writer: &out}); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
GATEWAY  STATE                  LEASE      BUSES  DEVICES  ONLINE  CLOCK      SPOOL               HOST   PID  STARTED  VERSION  INCARNATION
gw-1     live                   2s             3        5       4  in step    -                   plant    7  1h ago   v1       i
gw-2     live                   suspended      3        5       4  3s behind  ok, 700 wait 1m30s  plant    7  1h ago   v1       i
gw-3     draining               2s             3        5       4  -          full, 5 wait        plant    7  1h ago   v1       i
gw-4     live, does not answer  -              -        -       -  -          -                   plant    7  1h ago   v1       i
gw-5     left                   -              -        -       -  -          -                   plant    7  1h ago   v1       i
`, "\n")
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
