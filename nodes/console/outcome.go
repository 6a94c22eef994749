package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Outcome says what became of a command: its state, and in a few words what that means.
func Outcome(r *roostv1.CommandRecord) Cell {
	state := r.GetState().Word()
	switch r.GetState() {
	case roostv1.CommandState_COMMAND_STATE_SUCCEEDED:
		return Cell{state + ", " + confirmed(r.Confirmation), Good}
	case roostv1.CommandState_COMMAND_STATE_FAILED:
		return Cell{because(state, r), Bad}
	case roostv1.CommandState_COMMAND_STATE_REJECTED, roostv1.CommandState_COMMAND_STATE_EXPIRED,
		roostv1.CommandState_COMMAND_STATE_CANCELLED, roostv1.CommandState_COMMAND_STATE_SUPERSEDED:
		return Cell{because(state+", not sent", r), Bad}
	case roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		return Cell{because(state, r), Doubt}
	case roostv1.CommandState_COMMAND_STATE_INDETERMINATE:
		return Cell{because(state+", unknown for good", r), Doubt}
	case roostv1.CommandState_COMMAND_STATE_QUEUED:
		return Cell{state + ", not yet sent: " + r.QueueReason.Word(), Doubt}
	case roostv1.CommandState_COMMAND_STATE_DISPATCHED:
		return Cell{state + ", the device has not answered yet", Doubt}
	default:
		return Cell{state + ", not yet sent", Doubt}
	}
}

func confirmed(c roostv1.Confirmation) string {
	switch c {
	case roostv1.Confirmation_CONFIRMATION_READBACK:
		return "device shows it"
	case roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED:
		return "device reported it"
	default:
		return "device acknowledged"
	}
}

func because(what string, r *roostv1.CommandRecord) string {
	if r.Status.Err() == nil {
		return what
	}
	return what + ": " + reason(r)
}

// reason is why a command did not succeed, without the names of device and command at the
// beginning: they have been said.
func reason(r *roostv1.CommandRecord) string {
	text := r.Status.Error()
	for _, name := range []string{r.GetDeviceId(), r.GetCommand().GetName()} {
		if name != "" {
			text = strings.TrimPrefix(text, name+": ")
		}
	}
	return text
}

// Order says a command as it is typed: "pump set_speed rpm=900".
func Order(c *roostv1.Command) string {
	words := []string{c.GetDeviceId(), c.GetName()}
	return Clean(strings.Join(append(words, assignments(c.GetArguments())...), " "))
}

func assignments(values map[string]*roostv1.Value) []string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		words = append(words, name+"="+values[name].Format())
	}
	return words
}

// Record writes the outcome of a command, and what more there is to know of it.
func Record(s Screen, r *roostv1.CommandRecord) error {
	outcome := Outcome(r)
	if _, err := fmt.Fprintf(s, "%s: %s\n", s.Paint(Strong, Order(r.Command)), s.Paint(outcome.Tone, Clean(outcome.Text))); err != nil {
		return err
	}
	pairs := steps(r)
	for _, result := range assignments(r.Results) {
		name, value, _ := strings.Cut(result, "=")
		pairs = append(pairs, Pair{"  " + Clean(name), Cell{value, Plain}})
	}
	for _, e := range r.Evidence {
		pairs = append(pairs, Pair{"  later", Cell{e.GetText(), Plain}})
	}
	pairs = append(pairs, Pair{"  command", Cell{r.CommandId, Faint}}, Pair{"  served by", Cell{served(r), Faint}})
	return Pairs(s, pairs...)
}

// steps says what became of each write, where that differs from the whole.
func steps(r *roostv1.CommandRecord) []Pair {
	if r.State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED || len(r.Steps) < 2 {
		return nil
	}
	var pairs []Pair
	for _, step := range r.Steps {
		state := "not begun"
		if step.State != roostv1.CommandState_COMMAND_STATE_UNSPECIFIED {
			state = strings.ToLower(step.State.Word())
		}
		pairs = append(pairs, Pair{"  write", Cell{step.Resource + "=" + step.Value.Format() + " " + state, Plain}})
	}
	return pairs
}

// served says who carried the command out, and how long that took.
func served(r *roostv1.CommandRecord) string {
	if r.Gateway == "" || r.DispatchedAt == nil {
		return ""
	}
	text := fmt.Sprintf("%s, epoch %d", r.Gateway, r.Epoch)
	if r.FinishedAt != nil {
		text += ", in " + Span(r.FinishedAt.AsTime().Sub(r.DispatchedAt.AsTime()))
	}
	return text
}
