package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Tally counts the outcomes of a fleet command, and keeps those that were no success.
type Tally struct {
	verdicts map[Cell]int
	rest     []*roostv1.CommandRecord
	all      int
}

// Add counts an outcome.
func (t *Tally) Add(r *roostv1.CommandRecord) {
	if t.verdicts == nil {
		t.verdicts = map[Cell]int{}
	}
	t.all++
	t.verdicts[Verdict(r)]++
	if r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		t.rest = append(t.rest, r)
	}
}

// Bad is how many were no success.
func (t *Tally) Bad() int { return len(t.rest) }

// Outcomes is a table of how many devices have each outcome, the most frequent one first.
func (t *Tally) Outcomes() *Table {
	table := &Table{Columns: []Column{{Title: "DEVICES", Right: true}, {Title: "OUTCOME", Least: 12}}}
	verdicts := make([]Cell, 0, len(t.verdicts))
	for v := range t.verdicts {
		verdicts = append(verdicts, v)
	}
	slices.SortFunc(verdicts, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(t.verdicts[b], t.verdicts[a]), cmp.Compare(a.Text, b.Text))
	})
	for _, v := range verdicts {
		table.Add(Cell{strconv.Itoa(t.verdicts[v]), Plain}, v)
	}
	return table
}

// Rest is a table, for a screen of that width, of the devices that did not succeed, and why; of those that
// were not begun, which are all alike, there is only the number in Outcomes.
func (t *Tally) Rest(width int) *Table {
	table := &Table{Columns: []Column{{Title: "DEVICE", Least: 8}, {Title: "OUTCOME", Least: 16}, {Title: "ID"}}}
	slices.SortFunc(t.rest, func(a, b *roostv1.CommandRecord) int { return cmp.Compare(a.DeviceId, b.DeviceId) })
	for _, r := range t.rest {
		if !unbegun(r) {
			table.Add(Cell{r.DeviceId, Strong}, Outcome(r), Cell{idFor(r.CommandId, width), Faint})
		}
	}
	return table
}

// Write writes the counts, and what did not succeed.
func (t *Tally) Write(s Screen) error {
	for _, table := range []*Table{t.Outcomes(), t.Rest(s.Width)} {
		if table.Len() == 0 {
			continue
		}
		if err := section(s, table); err != nil {
			return err
		}
	}
	return nil
}

// FleetLine says the outcome for one device in one line.
func FleetLine(r *roostv1.CommandRecord, p Palette) string {
	outcome := Outcome(r)
	return fmt.Sprintf("%s: %s", p.Paint(Strong, Clean(r.DeviceId)), p.Paint(outcome.Tone, Clean(outcome.Text)))
}
