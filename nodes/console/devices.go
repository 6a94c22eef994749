package console

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Devices makes a table of devices.
func Devices(devices []*roostv1.DeviceStatus, now time.Time) *Table {
	t := &Table{Columns: []Column{
		{Title: "DEVICE", Least: 8}, {Title: "PROFILE", Least: 8}, {Title: "STATE", Least: 8}, {Title: "GATEWAY", Least: 7},
		{Title: "EPOCH", Right: true}, {Title: "LAST SEEN"}, {Title: "RESTARTS", Right: true}, {Title: "LAST ERROR", Least: 10},
	}}
	for _, d := range devices {
		t.Add(Cell{d.DeviceId, Strong}, Cell{d.Profile, Plain}, State(d), Cell{or(d.Gateway), Plain},
			Cell{count(d.Epoch), Plain}, Cell{Ago(d.LastSeen, now), Plain}, Restarts(d), LastError(d, now))
	}
	return t
}

// State says what a device does, and whether it is locked.
func State(d *roostv1.DeviceStatus) Cell {
	state := d.State.Word()
	if d.AdminState == roostv1.AdminState_ADMIN_STATE_LOCKED {
		state += ", locked"
	}
	return Cell{state, StateTone(d.State)}
}

// Restarts is how often a device was restarted.
func Restarts(d *roostv1.DeviceStatus) Cell {
	tone := Plain
	if d.Restarts > 0 {
		tone = Doubt
	}
	return Cell{strconv.FormatUint(d.Restarts, 10), tone}
}

// LastError is why a device failed last. One that it has got over is faint, and says when it was.
func LastError(d *roostv1.DeviceStatus, now time.Time) Cell {
	switch {
	case d.GetLastError().Err() == nil:
		return Cell{Empty, Faint}
	case d.State == roostv1.DeviceState_DEVICE_STATE_ONLINE:
		return Cell{past(d.LastErrorAt, now) + ": " + d.LastError.Error(), Faint}
	}
	return Cell{d.LastError.Error(), Plain}
}

// past says when something was that is over; a gateway that is older than that question does not tell.
func past(at *timestamppb.Timestamp, now time.Time) string {
	if at == nil {
		return "earlier"
	}
	return Ago(at, now)
}

// count writes a number that is 0 where there is none.
func count(n uint64) string {
	if n == 0 {
		return Empty
	}
	return strconv.FormatUint(n, 10)
}
