package console

import (
	"maps"
	"slices"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// writes are the steps of a command, where it has more than one or was read back: else the outcome of the
// whole has told of it.
func writes(r *roostv1.CommandRecord) *Table {
	t := &Table{Columns: []Column{{Title: "WRITE", Least: 8}, {Title: "VALUE", Least: 6}, {Title: "OUTCOME"}, {Title: "READ BACK", Least: 6}, {Title: "WHY", Least: 8}}}
	if len(r.GetSteps()) == 1 && r.Steps[0].GetReadback() == nil {
		return t
	}
	for _, step := range r.GetSteps() {
		back, cause := Empty, Empty
		if step.Readback != nil {
			back = step.Readback.Format()
		}
		if step.Status.Err() != nil {
			cause = unnamed(r, step.Status)
		}
		t.Add(Cell{or(step.GetResource()), Strong}, Cell{step.Value.Format(), Plain}, Cell{stepState(step), stateTone(step.State)}, Cell{back, Plain}, Cell{cause, Plain})
	}
	return t
}

// results are what the device answered.
func results(r *roostv1.CommandRecord) *Table {
	t := &Table{Columns: []Column{{Title: "ANSWER", Least: 8}, {Title: "VALUE", Least: 8}}}
	for _, name := range slices.Sorted(maps.Keys(r.GetResults())) {
		t.Add(Cell{name, Strong}, Cell{r.Results[name].Format(), Plain})
	}
	return t
}

// evidence is what was learned later.
func evidence(r *roostv1.CommandRecord, zone *time.Location) *Table {
	t := &Table{Columns: []Column{{Title: "LEARNED"}, {Title: "AFTER", Right: true}, {Title: "BY", Least: 7}, {Title: "WHAT", Least: 12}}}
	for _, e := range r.GetEvidence() {
		when, after := times(r, e.GetAt(), zone)
		t.Add(Cell{when, Plain}, Cell{after, Plain}, Cell{or(e.GetGateway()), Plain}, Cell{learned(e), Plain})
	}
	return t
}

func learned(e *roostv1.Evidence) string {
	if e.GetValue() == nil {
		return e.GetText()
	}
	return e.GetText() + " (" + e.Value.Format() + ")"
}
