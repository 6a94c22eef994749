package fleetfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Problem is one thing wrong with a file.
type Problem struct {
	// Line and Column say where, from 1; columns count characters.
	Line, Column int
	// Message says what is wrong, and what would be right.
	Message string
	// Source is the line, or the part of a long one that the problem is in; Caret
	// is the index of the character in it that Column means. Empty if the file
	// ends before, and for problems that the error's text leaves out.
	Source string
	Caret  int
}

// Error is everything wrong with a file. It is roostv1.ErrInvalid.
type Error struct {
	File     string
	Problems []Problem // at least one, in the order of the file
}

// maxShown is how many problems the text of an error tells.
const maxShown = 25

// Error returns a line for each problem, file:line:column: message, each followed by
// the line of the file that it is in, and a caret below.
func (e *Error) Error() string {
	var text strings.Builder
	for i, p := range e.Problems {
		if i == maxShown {
			fmt.Fprintf(&text, "\n%s: and %d more problems", e.File, len(e.Problems)-i)
			break
		}
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s:%d:%d: %s", e.File, p.Line, p.Column, p.Message)
		if strings.TrimSpace(p.Source) != "" {
			fmt.Fprintf(&text, "\n    %s\n    %s^", p.Source, strings.Repeat(" ", p.Caret))
		}
	}
	return text.String()
}

// Unwrap makes the error roostv1.ErrInvalid, also for roostv1.StatusOf.
func (e *Error) Unwrap() error { return roostv1.ErrInvalid }

func newError(file string, data []byte, problems []Problem) *Error {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	problems = slices.Compact(problems)
	lines := splitLines(data)
	for i := range problems[:min(len(problems), maxShown)] {
		p := &problems[i]
		if p.Line <= len(lines) {
			p.Source, p.Caret = excerpt(lines[p.Line-1], p.Column)
		}
	}
	return &Error{File: file, Problems: problems}
}

// position is a place in a file; both count from 1, columns in characters.
type position struct{ line, column int }

var start = position{1, 1}

// reportAt adds a problem at a position, which the YAML parser may not know.
func (p *parser) reportAt(at position, format string, args ...any) {
	p.problems = append(p.problems, Problem{
		Line:    max(at.line, 1),
		Column:  max(at.column, 1),
		Message: fmt.Sprintf(format, args...),
	})
}

// positionOf returns where the byte at the offset is.
func positionOf(text []byte, offset int) position {
	lines := splitLines(text[:offset])
	last := lines[len(lines)-1]
	return position{line: len(lines), column: len([]rune(last)) + 1}
}

// splitLines splits a text where YAML does.
func splitLines(text []byte) []string {
	breaks := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
	return strings.Split(breaks.Replace(strings.TrimPrefix(string(text), "\uFEFF")), "\n")
}

// excerpt returns the part of a line around a column that fits in a terminal, and where
// in it the column is.
func excerpt(line string, column int) (part string, caret int) {
	const before, most = 50, 100
	runes := []rune(line)
	from := 0
	if len(runes) > most {
		from = max(0, min(column-1-before, len(runes)-most))
	}
	runes = runes[from:min(len(runes), from+most)]
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = ' '
		}
	}
	return string(runes), min(column-1-from, len(runes))
}
