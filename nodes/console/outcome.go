package console

import (
	"errors"
	"maps"
	"slices"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Outcome says what became of a command: its state, in a few words what that means, and why.
func Outcome(r *roostv1.CommandRecord) Cell {
	short := Verdict(r)
	switch {
	case r.GetState() == roostv1.CommandState_COMMAND_STATE_QUEUED:
		return Cell{short.Text + ": " + r.QueueReason.Word(), short.Tone}
	case r.GetState() == roostv1.CommandState_COMMAND_STATE_DISPATCHED:
		return Cell{short.Text + ": the device has not answered yet", short.Tone}
	case r.GetState() == roostv1.CommandState_COMMAND_STATE_SUCCEEDED, r.GetStatus().Err() == nil, unbegun(r):
		return short
	default:
		return Cell{short.Text + ": " + reason(r), short.Tone}
	}
}

// Verdict is an outcome without its reason, so that there are few of them.
func Verdict(r *roostv1.CommandRecord) Cell {
	state := r.GetState().Word()
	switch s := r.GetState(); {
	case s == roostv1.CommandState_COMMAND_STATE_SUCCEEDED:
		return Cell{state + ", " + confirmed(r.Confirmation), Good}
	case s == roostv1.CommandState_COMMAND_STATE_FAILED && r.Effect == roostv1.Effect_EFFECT_PARTIAL:
		return Cell{state + ", done in part", Bad}
	case s == roostv1.CommandState_COMMAND_STATE_FAILED:
		return Cell{state, Bad}
	case s.Unsent():
		return Cell{state + ", not sent", Bad}
	case s == roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		return Cell{state, Doubt}
	case s == roostv1.CommandState_COMMAND_STATE_INDETERMINATE:
		return Cell{state + ", unknown for good", Doubt}
	case s == roostv1.CommandState_COMMAND_STATE_DISPATCHED:
		return Cell{state + ", sent", Doubt}
	case s == roostv1.CommandState_COMMAND_STATE_UNSPECIFIED && unbegun(r):
		return Cell{"not begun", Bad}
	case s == roostv1.CommandState_COMMAND_STATE_UNSPECIFIED && r.GetStatus().Err() != nil:
		return Cell{"not sent", Bad}
	default:
		return Cell{state + ", not yet sent", Doubt}
	}
}

// unbegun reports whether nobody tried to send the command, since whoever wanted it gave up.
func unbegun(r *roostv1.CommandRecord) bool {
	return r.GetState() == roostv1.CommandState_COMMAND_STATE_UNSPECIFIED && errors.Is(r.GetStatus().Err(), roostv1.ErrCancelled)
}

func confirmed(c roostv1.Confirmation) string {
	switch c {
	case roostv1.Confirmation_CONFIRMATION_READBACK:
		return "verified by read-back"
	case roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED:
		return "the device reported it"
	default:
		return "device acknowledged"
	}
}

// reason is why a command did not succeed, without the names of device and command at the
// beginning: they have been said.
func reason(r *roostv1.CommandRecord) string {
	return unnamed(r, r.Status)
}

func unnamed(r *roostv1.CommandRecord, status *roostv1.Status) string {
	text := status.Error()
	// So have these words, by the state.
	for _, said := range []string{r.GetDeviceId() + ": ", r.GetCommand().GetName() + ": ", "unknown: ", "sent, but the outcome is unknown: "} {
		text = strings.TrimPrefix(text, said)
	}
	return text
}

// Order says a command as it is typed: "pump set_speed rpm=900".
func Order(c *roostv1.Command) string {
	return Clean(c.GetDeviceId() + " " + Deed(c))
}

// Deed is a command without its device: "set_speed rpm=900".
func Deed(c *roostv1.Command) string {
	return Clean(strings.Join(append([]string{c.GetName()}, assignments(c.GetArguments())...), " "))
}

func assignments(values map[string]*roostv1.Value) []string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		words = append(words, name+"="+values[name].Format())
	}
	return words
}
