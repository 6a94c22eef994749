package console

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func candidates(story *roostv1.Story) *Table {
	t := &Table{Columns: []Column{{Title: "GATEWAY", Least: 7}, {Title: "RANK", Right: true}, {Title: "STATE", Least: 8}, {Title: "WHY", Least: 12}}}
	for _, c := range story.Candidates {
		rank := Empty
		if c.Rank > 0 {
			rank = strconv.FormatUint(uint64(c.Rank), 10)
		}
		state := member(c.State, c.Answers)
		if c.Suspended {
			state = Cell{state.Text + ", suspended", Bad}
		}
		t.Add(Cell{c.GatewayId, Strong}, Cell{rank, Plain}, state, Cell{choice(story, c), Plain})
	}
	return t
}

// choice says what a candidate is to the bus.
func choice(story *roostv1.Story, c *roostv1.Candidate) string {
	owns := c.GatewayId == story.Owner
	switch {
	case owns && c.Rank == 1:
		return "owns it"
	case owns && heir(story) != "":
		return "owns it, and hands it over to " + heir(story)
	case owns:
		return "owns it: nobody else could"
	case c.Reason == c.State.Word() && here(c.State):
		return "takes nothing new"
	case c.Reason == c.State.Word():
		return Empty
	case !c.Eligible:
		return c.Reason
	case c.Rank == 1 && story.Owner == "":
		return "is to claim it"
	case c.Rank == 1:
		return "is to have it"
	case c.GatewayId == heir(story):
		return "would be the next"
	default:
		return "could own it"
	}
}

func takeovers(story *roostv1.Story, now time.Time) *Table {
	const most = 10
	t := &Table{Columns: []Column{{Title: "OWNED SINCE"}, {Title: "EPOCH", Right: true}, {Title: "OWNER", Least: 7}, {Title: "HOW", Least: 12}}}
	for i := max(0, len(story.Takeovers)-most); i < len(story.Takeovers); i++ {
		o := story.Takeovers[i]
		t.Add(Cell{moment(o.At, now), Plain}, Cell{count(o.Epoch), Plain}, Cell{or(o.Gateway), Strong}, Cell{deed(story.Takeovers, i), Plain})
	}
	return t
}

// deed says how a bus came to an owner, after those before.
func deed(all []*roostv1.Takeover, i int) string {
	before := &roostv1.Takeover{}
	if i > 0 {
		before = all[i-1]
	}
	switch o := all[i]; {
	case o.Gateway == "" && before.Gateway == "":
		return "given up"
	case o.Gateway == "":
		return "given up by " + before.Gateway
	case o.HandedOverBy != "":
		return "handed over by " + o.HandedOverBy
	case before.Gateway == "":
		return "claimed"
	case before.Gateway == o.Gateway:
		return "claimed again after its own end"
	default:
		return "taken over from " + before.Gateway + ", which had ended"
	}
}

func troubles(story *roostv1.Story, now time.Time) *Table {
	const most = 10
	t := &Table{Columns: []Column{{Title: "TROUBLE"}, {Title: "AT", Least: 7}, {Title: "WHAT", Least: 12}}}
	list := troubled(story.Events)
	for _, e := range list[max(0, len(list)-most):] {
		kind, text := Happened(e)
		if kind != "" && text != "" {
			kind += ": "
		}
		t.Add(Cell{moment(e.At, now), Plain}, Cell{or(e.Gateway), Plain}, Cell{kind + text, EventTone(e)})
	}
	return t
}

// troubled returns the events that tell of trouble, and of its end.
func troubled(events []*roostv1.Event) (list []*roostv1.Event) {
	over := true
	for _, e := range events {
		switch tone := EventTone(e); {
		case e.Kind == roostv1.EventKind_EVENT_KIND_COMMAND:
		case tone == Bad || tone == Doubt:
			list, over = append(list, e), false
		case tone == Good && !over:
			list, over = append(list, e), true
		}
	}
	return list
}

// moment says how long ago something was, and when.
func moment(t *timestamppb.Timestamp, now time.Time) string {
	if t == nil || t.CheckValid() != nil {
		return Empty
	}
	at, layout := t.AsTime().In(now.Location()), time.TimeOnly
	if y, m, d := at.Date(); now.Year() != y || now.Month() != m || now.Day() != d {
		layout = "2006-01-02 15:04"
	}
	return at.Format(layout) + ", " + Ago(t, now)
}
