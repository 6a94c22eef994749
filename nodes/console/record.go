package console

import (
	"fmt"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Record writes the outcome of a command, and what more there is to know of it at once.
func Record(s Screen, r *roostv1.CommandRecord) error {
	if err := verdictLine(s, r); err != nil {
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

// verdictLine says a command and its outcome in one line.
func verdictLine(s Screen, r *roostv1.CommandRecord) error {
	outcome := Outcome(r)
	_, err := fmt.Fprintf(s, "%s: %s\n", s.Paint(Strong, Order(r.Command)), s.Paint(outcome.Tone, Clean(outcome.Text)))
	return err
}

// steps says what became of each write, where that differs from the whole.
func steps(r *roostv1.CommandRecord) []Pair {
	if r.State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED || len(r.Steps) < 2 {
		return nil
	}
	var pairs []Pair
	for _, step := range r.Steps {
		pairs = append(pairs, Pair{"  write", Cell{step.Resource + "=" + step.Value.Format() + " " + stepState(step), Plain}})
	}
	return pairs
}

func stepState(step *roostv1.StepResult) string {
	if step.State == roostv1.CommandState_COMMAND_STATE_UNSPECIFIED {
		return "not begun"
	}
	return strings.ToLower(step.State.Word())
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
