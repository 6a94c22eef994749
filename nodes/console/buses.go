package console

import (
	"fmt"
	"strconv"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Buses makes a table of buses.
func Buses(buses []*roostv1.BusStatus) *Table {
	t := &Table{Columns: []Column{
		{Title: "BUS", Least: 8}, {Title: "GATEWAY", Least: 7}, {Title: "DEVICES", Right: true}, {Title: "ANSWERING", Right: true},
		{Title: "SILENT", Right: true}, {Title: "TURNS/S", Right: true}, {Title: "IN USE", Right: true},
		{Title: "COMMANDS WAIT", Right: true}, {Title: "POLLS WAIT", Right: true}, {Title: "LONGEST WAIT", Right: true},
	}}
	for _, b := range buses {
		devices := Cell{strconv.FormatUint(uint64(b.Devices), 10), Plain}
		if b.Gateway == "" { // nobody knows more
			none := Cell{Empty, Faint}
			t.Add(Cell{b.Bus, Strong}, none, devices, none, none, none, none, none, none, none)
			continue
		}
		t.Add(Cell{b.Bus, Strong}, Cell{b.Gateway, Plain}, devices, many(b.Answering, Plain), many(uint32(len(b.Silent)), Bad),
			Cell{rate(b.TurnsPerSecond), Plain}, inUse(b.Used), many(b.WaitingCommands, Doubt), many(b.WaitingPolls, Doubt),
			Cell{Span(b.LongestWait.AsDuration()), Plain})
	}
	return t
}

// Silent makes a table of the devices that do not answer, on all of these buses.
func Silent(buses []*roostv1.BusStatus, now time.Time) *Table {
	t := &Table{Columns: []Column{
		{Title: "SILENT", Least: 8}, {Title: "BUS", Least: 8}, {Title: "STATE", Least: 8}, {Title: "FAILED", Right: true}, {Title: "SINCE"},
		{Title: "NEXT TRY"}, {Title: "LAST ERROR", Least: 10},
	}}
	for _, b := range buses {
		for _, d := range b.Silent {
			as := &roostv1.DeviceStatus{State: d.State, LastError: d.LastError}
			since := Empty
			if d.Since != nil {
				since = Ago(d.Since, now)
			}
			t.Add(Cell{d.DeviceId, Strong}, Cell{b.Bus, Plain}, State(as), many(d.Failures, Plain), Cell{since, Plain}, nextTry(d, now), LastError(as, now))
		}
	}
	return t
}

// nextTry says when a silent device is tried next, and whether it rests until then or is to be opened anew.
func nextTry(d *roostv1.SilentDevice, now time.Time) Cell {
	switch {
	case d.NextAttempt == nil || !d.NextAttempt.AsTime().After(now):
		return Cell{"now", Plain}
	case d.RestsUntil != nil && !d.RestsUntil.AsTime().Before(d.NextAttempt.AsTime()):
		return Cell{Ago(d.NextAttempt, now) + ", rests", Plain}
	default:
		return Cell{Ago(d.NextAttempt, now), Plain}
	}
}

// many writes a count; one that is not 0 has the tone.
func many(n uint32, tone Tone) Cell {
	if n == 0 {
		tone = Plain
	}
	return Cell{strconv.FormatUint(uint64(n), 10), tone}
}

// full is the part of the time from which on a bus has hardly room for more.
const full = 0.9

func inUse(part float64) Cell {
	tone := Plain
	if part >= full {
		tone = Doubt
	}
	return Cell{fmt.Sprintf("%.0f%%", 100*part), tone}
}

// rate writes how often something happens in a second: with two digits where it is seldom.
func rate(perSecond float64) string {
	if perSecond < 10 {
		return strconv.FormatFloat(perSecond, 'f', 2, 64)
	}
	return strconv.FormatFloat(perSecond, 'f', 0, 64)
}
