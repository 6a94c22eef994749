package console

import (
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Gateways makes a table of gateways. What one serves, and how its lease and its clock are, is known only
// of those that answer.
func Gateways(gateways []cluster.GatewayView, now time.Time) *Table {
	t := &Table{Columns: []Column{
		{Title: "GATEWAY", Least: 7}, {Title: "STATE", Least: 8}, {Title: "LEASE", Least: 5}, {Title: "BUSES", Right: true},
		{Title: "DEVICES", Right: true}, {Title: "ONLINE", Right: true}, {Title: "CLOCK", Least: 5},
		{Title: "SPOOL", Least: 5},
		{Title: "HOST", Least: 4}, {Title: "PID", Right: true}, {Title: "STARTED"}, {Title: "VERSION", Least: 7}, {Title: "INCARNATION", Least: 8},
	}}
	for _, g := range gateways {
		s := g.Status
		served := [3]string{Empty, Empty, Empty}
		if g.Answers {
			for i, n := range [3]uint64{s.Buses, s.Devices, s.DevicesOnline} {
				served[i] = strconv.FormatUint(n, 10)
			}
		}
		t.Add(Cell{s.GatewayId, Strong}, member(s.State, g.Answers), leaseOf(g), Cell{served[0], Plain},
			Cell{served[1], Plain}, Cell{served[2], Plain}, clock(g), spoolOf(g),
			Cell{or(s.Host), Plain}, Cell{strconv.FormatInt(s.Pid, 10), Plain}, Cell{Ago(s.StartedAt, now), Plain},
			Cell{or(s.Version), Plain}, Cell{s.Incarnation, Faint})
	}
	return t
}

// member says where a gateway stands.
func member(state roostv1.MemberState, answers bool) Cell {
	text := state.Word()
	if !answers && here(state) {
		text += ", does not answer"
	}
	return Cell{text, memberTone(state, answers)}
}

// here reports whether a gateway in that state is to be there.
func here(s roostv1.MemberState) bool {
	return s == roostv1.MemberState_MEMBER_STATE_LIVE || s == roostv1.MemberState_MEMBER_STATE_DRAINING
}

// leaseOf says whether a gateway may act, and how long its lease is.
func leaseOf(g cluster.GatewayView) Cell {
	switch {
	case !g.Answers:
		return Cell{Empty, Faint}
	case g.Status.Suspended:
		return Cell{"suspended", Bad}
	default:
		return Cell{Span(g.Status.Lease.AsDuration()), Plain}
	}
}

// spoolOf says how a gateway's store of readings is, and what waits in it for the hub.
func spoolOf(g cluster.GatewayView) Cell {
	s := g.Status.GetSpool()
	if !g.Answers || s == nil {
		return Cell{Empty, Faint}
	}
	text, tone := s.State.Word(), Plain
	if s.State == roostv1.SpoolState_SPOOL_STATE_FAILING || s.State == roostv1.SpoolState_SPOOL_STATE_FULL {
		tone = Bad
	}
	if s.Waiting > 0 {
		text += fmt.Sprintf(", %d wait", s.Waiting)
		if s.Oldest != nil {
			text += " " + Span(s.Oldest.AsDuration())
		}
	}
	return Cell{text, tone}
}

// wrong is how much a clock may be off before it is worth a colour: people compare times to seconds.
const wrong = time.Second

// clock says how far the wall clock of a gateway is from the hub's.
func clock(g cluster.GatewayView) Cell {
	if !g.Answers || g.Status.ClockAhead == nil {
		return Cell{Empty, Faint}
	}
	return Cell{ahead(g.Status.ClockAhead), clockTone(g.Status.ClockAhead.AsDuration())}
}

func ahead(d *durationpb.Duration) string {
	switch by := d.AsDuration(); {
	case by.Abs() < wrong/10: // no more is known: messages take a while
		return "in step"
	case by < 0:
		return Span(-by) + " behind"
	default:
		return Span(by) + " ahead"
	}
}

func clockTone(by time.Duration) Tone {
	if by.Abs() >= wrong {
		return Doubt
	}
	return Plain
}
