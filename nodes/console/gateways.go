package console

import (
	"strconv"
	"time"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Gateways makes a table of gateways. How many devices one has is known only of those that answer.
func Gateways(gateways []cluster.GatewayView, now time.Time) *Table {
	t := &Table{Columns: []Column{
		{Title: "GATEWAY", Least: 7}, {Title: "STATE", Least: 8}, {Title: "DEVICES", Right: true}, {Title: "ONLINE", Right: true},
		{Title: "HOST", Least: 8}, {Title: "PID", Right: true}, {Title: "STARTED"}, {Title: "VERSION", Least: 8}, {Title: "INCARNATION", Least: 8},
	}}
	for _, g := range gateways {
		s := g.Status
		state, devices, online := s.State.Word(), Empty, Empty
		if g.Answers {
			devices, online = strconv.FormatUint(s.Devices, 10), strconv.FormatUint(s.DevicesOnline, 10)
		} else if s.State == roostv1.MemberState_MEMBER_STATE_LIVE {
			state += ", does not answer"
		}
		t.Add(Cell{s.GatewayId, Strong}, Cell{state, memberTone(s.State, g.Answers)}, Cell{devices, Plain}, Cell{online, Plain},
			Cell{or(s.Host), Plain}, Cell{strconv.FormatInt(s.Pid, 10), Plain}, Cell{Ago(s.StartedAt, now), Plain},
			Cell{or(s.Version), Plain}, Cell{s.Incarnation, Faint})
	}
	return t
}
