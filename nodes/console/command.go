package console

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Command writes the whole story of a command. Times are those of zone.
func Command(s Screen, r *roostv1.CommandRecord, zone *time.Location) error {
	if err := verdictLine(s, r); err != nil {
		return err
	}
	if err := Pairs(s, commandFacts(r, zone)...); err != nil {
		return err
	}
	for _, t := range []*Table{transitions(r, zone), writes(r), results(r), evidence(r, zone)} {
		if t.Len() == 0 {
			continue
		}
		if err := section(s, t); err != nil {
			return err
		}
	}
	return nil
}

func commandFacts(r *roostv1.CommandRecord, zone *time.Location) []Pair {
	c := r.GetCommand()
	accepted := ""
	if at, ok := acceptance(r); ok {
		accepted = at.In(zone).Format("2006-01-02 15:04:05.000 MST")
	}
	return []Pair{
		{"  command", Cell{r.CommandId, Plain}},
		{"  part of", Cell{c.GetParentId(), Plain}},
		{"  submitted by", Cell{identity(r.GetSubmittedBy()), Plain}},
		{"  sent by", Cell{c.GetSender(), Plain}},
		{"  reason", Cell{c.GetReason(), Plain}},
		{"  asked for", Cell{strings.Join(options(c), ", "), Plain}},
		{"  accepted", Cell{accepted, Plain}},
		{"  taken by", Cell{takenAlone(r), Plain}},
		{"  served by", Cell{served(r), Plain}},
	}
}

// takenAlone says which gateway took a command without the hub; empty: the hub had it first.
func takenAlone(r *roostv1.CommandRecord) string {
	if r.GetLocalGateway() == "" {
		return ""
	}
	return r.GetLocalGateway() + ", while the hub was away"
}

// identity says who asked for something, as the hub knows it; empty: it knows nobody by name.
func identity(by *roostv1.Identity) string {
	if by == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s)", by.Name, by.Role)
}

// sender says who sent a command: as the hub knows it, and where it knows nobody, as the sender says.
func sender(r *roostv1.CommandRecord) string {
	if name := r.GetSubmittedBy().GetName(); name != "" {
		return name
	}
	return r.GetCommand().GetSender()
}

// options says what a command asks for besides its arguments.
func options(c *roostv1.Command) []string {
	var list []string
	add := func(is bool, text string) {
		if is {
			list = append(list, text)
		}
	}
	add(c.GetExpiresIn() != nil, "expires in "+Span(c.GetExpiresIn().AsDuration()))
	add(c.GetNotBefore() != nil, "not before "+Span(c.GetNotBefore().AsDuration()))
	add(c.GetTimeout() != nil, "to take at most "+Span(c.GetTimeout().AsDuration()))
	add(c.GetPriority() == roostv1.Priority_PRIORITY_HIGH, "high priority")
	add(c.GetSupersede(), "supersedes those before it")
	add(c.GetQueueWhileAway(), "waits while the device is away")
	if p := c.GetPrecondition(); p != nil {
		add(true, "only if "+p.Resource+"="+p.Equals.Format())
	}
	add(c.GetConfirmation() != 0, "a success that is at least: "+confirmed(c.GetConfirmation()))
	return list
}

// acceptance is when a command was accepted.
func acceptance(r *roostv1.CommandRecord) (time.Time, bool) {
	if r.GetAcceptedAt() != nil {
		return r.AcceptedAt.AsTime(), true
	}
	for _, t := range r.GetTransitions() {
		if t.GetAt() != nil {
			return t.At.AsTime(), true
		}
	}
	return time.Time{}, false
}

func transitions(r *roostv1.CommandRecord, zone *time.Location) *Table {
	t := &Table{Columns: []Column{
		{Title: "TIME"}, {Title: "AFTER", Right: true}, {Title: "STATE"}, {Title: "GATEWAY", Least: 7},
		{Title: "EPOCH", Right: true}, {Title: "ATTEMPT", Right: true}, {Title: "WHY", Least: 8},
	}}
	for i, step := range r.GetTransitions() {
		when, after := times(r, step.GetAt(), zone)
		t.Add(Cell{when, Plain}, Cell{after, Plain}, Cell{step.GetState().Word(), stateTone(step.GetState())}, Cell{or(step.GetGateway()), Plain},
			Cell{count(step.GetEpoch()), Plain}, Cell{count(uint64(step.GetAttempt())), Plain}, Cell{or(why(r, i)), Plain})
	}
	return t
}

// why says of one of the transitions why it was made.
func why(r *roostv1.CommandRecord, i int) string {
	step := r.Transitions[i]
	switch {
	case step.GetStatus().Err() != nil:
		return unnamed(r, step.Status)
	case step.GetState() == roostv1.CommandState_COMMAND_STATE_QUEUED:
		return step.QueueReason.Word()
	case step.GetState() == roostv1.CommandState_COMMAND_STATE_SUCCEEDED:
		return confirmed(r.Confirmation)
	default:
		return ""
	}
}

// stateTone is how good it is for a command to stand so.
func stateTone(s roostv1.CommandState) Tone {
	switch {
	case s == roostv1.CommandState_COMMAND_STATE_SUCCEEDED:
		return Good
	case s == roostv1.CommandState_COMMAND_STATE_FAILED, s.Unsent():
		return Bad
	case s == roostv1.CommandState_COMMAND_STATE_UNKNOWN, s == roostv1.CommandState_COMMAND_STATE_INDETERMINATE:
		return Doubt
	default:
		return Plain
	}
}

// times says when something was, and how long after the acceptance of the command.
func times(r *roostv1.CommandRecord, t *timestamppb.Timestamp, zone *time.Location) (when, after string) {
	accepted, known := acceptance(r)
	if t == nil || t.CheckValid() != nil {
		return Empty, Empty
	}
	at, layout := t.AsTime().In(zone), "15:04:05.000"
	if !known || at.Format(time.DateOnly) != accepted.In(zone).Format(time.DateOnly) {
		layout = "2006-01-02 " + layout
	}
	if !known {
		return at.Format(layout), Empty
	}
	return at.Format(layout), later(at.Sub(accepted))
}

// later says how long after something was, to a millisecond as long as that matters.
func later(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Span(-d)
	case d < time.Second:
		return fmt.Sprintf("+%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("+%.3fs", d.Truncate(time.Millisecond).Seconds())
	default:
		return "+" + Span(d)
	}
}
