package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// gap is what is between two columns.
const gap = 2

// Column is a column of a table.
type Column struct {
	Title string
	// Least is how far it may be narrowed where the screen is too small; 0: not at all.
	Least int
	// Right has its cells end below each other, as numbers do.
	Right bool
}

// Cell is one cell of a table. Its text need not be clean.
type Cell struct {
	Text string
	Tone Tone
}

// Table is rows of cells below titles.
type Table struct {
	Columns []Column
	rows    [][]Cell
}

// Add adds a row. Cells that are left out are empty.
func (t *Table) Add(cells ...Cell) {
	row := make([]Cell, len(t.Columns))
	for i := range row {
		if i < len(cells) {
			row[i] = Cell{Clean(cells[i].Text), cells[i].Tone}
		}
	}
	t.rows = append(t.rows, row)
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Write writes the table to a screen, as wide as that is.
func (t *Table) Write(s Screen) error {
	for _, line := range t.Lines(s.Width, s.Palette) {
		if _, err := fmt.Fprintln(s, line); err != nil {
			return err
		}
	}
	return nil
}

// Lines returns the titles and the rows, none of them wider than width; with width 0 they are as
// wide as they need to be.
func (t *Table) Lines(width int, p Palette) []string {
	widths := t.natural()
	if width > 0 {
		fit(widths, t.least(), width-gap*(len(widths)-1))
	}
	w := table.NewWriter()
	w.SetStyle(bare())
	w.SuppressTrailingSpaces()
	configs := make([]table.ColumnConfig, len(t.Columns))
	titles := make(table.Row, len(t.Columns))
	for i, c := range t.Columns {
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMin: widths[i]}
		if c.Right {
			configs[i].Align, configs[i].AlignHeader = text.AlignRight, text.AlignRight
		}
		titles[i] = p.Paint(Faint, Cut(c.Title, widths[i]))
	}
	w.SetColumnConfigs(configs)
	w.AppendHeader(titles)
	for _, row := range t.rows {
		cells := make(table.Row, len(row))
		for i, c := range row {
			cells[i] = p.Paint(c.Tone, Cut(c.Text, widths[i]))
		}
		w.AppendRow(cells)
	}
	lines := strings.Split(w.Render(), "\n")
	if width > 0 {
		for i := range lines { // a screen on which even the narrowest table has no room
			lines[i] = text.Trim(lines[i], width)
		}
	}
	return lines
}

// bare is the style of a table without any lines.
func bare() table.Style {
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", strings.Repeat(" ", gap)
	style.Format = table.FormatOptions{}
	return style
}

// natural returns the widths that the columns need.
func (t *Table) natural() []int {
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = columns(c.Title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], columns(row[i].Text))
		}
	}
	return widths
}

// least returns the widths below which the columns may not go.
func (t *Table) least() []int {
	least := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		least[i] = c.Least
	}
	return least
}

// fit narrows columns until they have room, the widest one first. One whose least is 0 is left
// as it is; so it may be that they do not fit in the end.
func fit(widths, least []int, room int) {
	over := -room
	for _, w := range widths {
		over += w
	}
	for ; over > 0; over-- {
		widest := -1
		for i, w := range widths {
			if least[i] > 0 && w > least[i] && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// Empty is what stands in a table where there is nothing.
const Empty = "-"

// or returns the text, or Empty for none.
func or(s string) string {
	if s == "" {
		return Empty
	}
	return s
}

// Pairs writes names and values below each other.
func Pairs(s Screen, pairs ...Pair) error {
	pairs = slices.DeleteFunc(pairs, func(p Pair) bool { return p.Value.Text == "" })
	wide := 0
	for _, p := range pairs {
		wide = max(wide, columns(p.Name))
	}
	for _, p := range pairs {
		value := Clean(p.Value.Text)
		if s.Width > 0 {
			value = Cut(value, s.Width-wide-gap)
		}
		name := s.Paint(Faint, p.Name) + strings.Repeat(" ", wide-columns(p.Name)+gap)
		if _, err := fmt.Fprintln(s, name+s.Paint(p.Value.Tone, value)); err != nil {
			return err
		}
	}
	return nil
}

// Pair is a name and its value; one without a value is left out.
type Pair struct {
	Name  string
	Value Cell
}
