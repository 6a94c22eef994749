package console

import (
	"fmt"
	"strings"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Line says an event in one line: when, of what, what happened, and for a failure the number of
// the next attempt and how long until then.
func Line(e *roostv1.Event, layout string, p Palette) string {
	line := p.Paint(Faint, e.GetAt().AsTime().Local().Format(layout)) + "  " + p.Paint(Strong, Subject(e)) +
		strings.Repeat(" ", max(subjectColumns-columns(Subject(e)), 0)+gap)
	kind, text := Happened(e)
	if kind != "" {
		line += p.Paint(EventTone(e), kind)
		if text != "" {
			line += ": "
		}
	}
	return line + text
}

// subjectColumns is how wide ids are taken to be: most are shorter.
const subjectColumns = 10

// Timestamp is the layout of the times in lines that may be read much later, elsewhere.
const Timestamp = "2006-01-02T15:04:05.000Z07:00"

// Subject is what an event is about: a device, a bus or a gateway.
func Subject(e *roostv1.Event) string {
	for _, id := range []string{e.GetDeviceId(), e.GetBus(), e.GetGateway()} {
		if id != "" {
			return Clean(id)
		}
	}
	return Empty
}

// Happened says what happened: in a word, if that says more than the text, and in a text.
func Happened(e *roostv1.Event) (word, text string) {
	text = Clean(e.GetMessage())
	if failed(e) && e.NextDelay != nil {
		text = Clean(e.GetStatus().GetMessage()) + "; " + next(e)
	}
	switch e.GetKind() {
	case roostv1.EventKind_EVENT_KIND_GATEWAY, roostv1.EventKind_EVENT_KIND_COMMAND:
		return "", text
	case roostv1.EventKind_EVENT_KIND_OPENED, roostv1.EventKind_EVENT_KIND_CLOSED:
		return text, "" // "opening with driver sim", "closed"
	case roostv1.EventKind_EVENT_KIND_ONLINE:
		return e.Kind.Word(), ""
	}
	return e.GetKind().Word(), text
}

func failed(e *roostv1.Event) bool {
	return e.GetKind() == roostv1.EventKind_EVENT_KIND_FAILED || e.GetKind() == roostv1.EventKind_EVENT_KIND_QUARANTINED
}

func next(e *roostv1.Event) string {
	delay := Span(e.NextDelay.AsDuration().Round(time.Millisecond))
	if e.Kind == roostv1.EventKind_EVENT_KIND_QUARANTINED {
		return "restarts ran out, next probe in " + delay
	}
	return fmt.Sprintf("attempt %d in %s", e.Attempt, delay)
}

// EventTone is how good the news is.
func EventTone(e *roostv1.Event) Tone {
	switch e.GetKind() {
	case roostv1.EventKind_EVENT_KIND_ONLINE, roostv1.EventKind_EVENT_KIND_RELEASED,
		roostv1.EventKind_EVENT_KIND_STORE_RECOVERED:
		return Good
	case roostv1.EventKind_EVENT_KIND_FAILED, roostv1.EventKind_EVENT_KIND_QUARANTINED, roostv1.EventKind_EVENT_KIND_PARKED,
		roostv1.EventKind_EVENT_KIND_STORE_FAILING, roostv1.EventKind_EVENT_KIND_BAD_RECORD, roostv1.EventKind_EVENT_KIND_INTERNAL:
		return Bad
	case roostv1.EventKind_EVENT_KIND_OFFLINE, roostv1.EventKind_EVENT_KIND_RESTARTED, roostv1.EventKind_EVENT_KIND_CALL_ABANDONED,
		roostv1.EventKind_EVENT_KIND_READINGS_DROPPED:
		return Doubt
	case roostv1.EventKind_EVENT_KIND_COMMAND:
		if e.GetStatus().Err() != nil {
			return Doubt
		}
	}
	return Plain
}
