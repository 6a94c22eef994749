package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// roomy is the width from which on a table of commands also says who sent them, and how long they took.
const roomy = 120

// Commands makes a table of commands for a screen of that width. Times are in the zone of now. Of an id
// that was made up, a screen that is not roomy has but the end, which is unlike others.
func Commands(records []*roostv1.CommandRecord, now time.Time, width int) *Table {
	t := &Table{Columns: []Column{{Title: "ACCEPTED"}, {Title: "DEVICE", Least: 6}, {Title: "COMMAND", Least: 10}, {Title: "OUTCOME", Least: 9}}}
	wide := isRoomy(width)
	if wide {
		t.Columns = append(t.Columns, Column{Title: "TOOK", Right: true}, Column{Title: "SENDER", Least: 6})
	}
	t.Columns = append(t.Columns, Column{Title: "ID"})
	for _, r := range records {
		cells := []Cell{{accepted(r, now), Plain}, {r.DeviceId, Strong}, {Deed(r.Command), Plain}, Outcome(r)}
		if wide {
			cells = append(cells, Cell{took(r), Plain}, Cell{or(sender(r)), Plain})
		}
		t.Add(append(cells, Cell{idFor(r.CommandId, width), Faint})...)
	}
	return t
}

func isRoomy(width int) bool { return width == 0 || width >= roomy }

// idFor is the id of a command for a screen of that width: if need be the end of one that is a UUID. Others
// were chosen by people, and stay.
func idFor(id string, width int) string {
	if isRoomy(width) || uuid.Validate(id) != nil {
		return id
	}
	return "…" + id[len(id)-8:]
}

// accepted says when a command was, as short as that can be.
func accepted(r *roostv1.CommandRecord, now time.Time) string {
	at, ok := acceptance(r)
	if !ok {
		return Empty
	}
	at = at.In(now.Location())
	switch {
	case at.Year() != now.Year():
		return at.Format(time.DateOnly)
	case at.YearDay() != now.YearDay():
		return at.Format("01-02 15:04")
	default:
		return at.Format(time.TimeOnly)
	}
}

// took is how long a command lasted from its acceptance to its end.
func took(r *roostv1.CommandRecord) string {
	at, ok := acceptance(r)
	if !ok || r.FinishedAt == nil {
		return Empty
	}
	return Span(r.FinishedAt.AsTime().Sub(at))
}

// Steps are lines for a screen, which tell what happened to a command after the first so many transitions,
// and the first so many pieces of evidence: one line each.
func Steps(s Screen, r *roostv1.CommandRecord, transitions, evidence int, layout string) []string {
	var lines []string
	for i := transitions; i < len(r.GetTransitions()); i++ {
		step := r.Transitions[i]
		text := s.Paint(stateTone(step.GetState()), step.GetState().Word())
		if cause := why(r, i); cause != "" {
			text += ": " + Clean(cause)
		}
		lines = append(lines, stepLine(r, step.GetAt(), text, by(step), layout, s))
	}
	for i := evidence; i < len(r.GetEvidence()); i++ {
		e := r.Evidence[i]
		lines = append(lines, stepLine(r, e.GetAt(), "learned: "+Clean(learned(e)), e.GetGateway(), layout, s))
	}
	return lines
}

// by says who made a transition.
func by(step *roostv1.CommandTransition) string {
	words := []string{}
	if step.GetGateway() != "" {
		words = append(words, step.Gateway)
	}
	if step.GetEpoch() > 0 {
		words = append(words, fmt.Sprintf("epoch %d", step.Epoch))
	}
	if step.GetAttempt() > 1 {
		words = append(words, fmt.Sprintf("attempt %d", step.Attempt))
	}
	return strings.Join(words, ", ")
}

func stepLine(r *roostv1.CommandRecord, at *timestamppb.Timestamp, text, by, layout string, s Screen) string {
	device := Clean(r.GetDeviceId())
	line := s.Paint(Faint, at.AsTime().Local().Format(layout)) + "  " + s.Paint(Strong, device) +
		strings.Repeat(" ", max(subjectColumns-columns(device), 0)+gap) + Deed(r.GetCommand()) + "  " + text
	if by != "" {
		line += s.Paint(Faint, "  ("+Clean(by)+")")
	}
	return line + s.Paint(Faint, "  "+Clean(idFor(r.GetCommandId(), s.Width)))
}
