package console

import (
	"fmt"
	"strings"

	"github.com/roost-iot/roost/nodes/doctor"
)

// Findings writes what was found: a line for each check, and below it how to mend it.
func Findings(s Screen, all []doctor.Finding) error {
	state, check := 0, 0
	for _, f := range all {
		state, check = max(state, columns(f.State.String())), max(check, columns(f.Check))
	}
	indent := state + check + 2*gap
	for _, f := range all {
		head := s.Paint(findingTone(f.State), fill(f.State.String(), state)) + fill(Clean(f.Check), check)
		if _, err := fmt.Fprint(s, head); err != nil {
			return err
		}
		lines := fold(Clean(f.Seen), s.Width-indent)
		if f.Mend != "" {
			for _, line := range fold("mend: "+Clean(f.Mend), s.Width-indent) {
				lines = append(lines, s.Paint(Strong, line))
			}
		}
		if _, err := fmt.Fprintln(s, strings.Join(lines, "\n"+strings.Repeat(" ", indent))); err != nil {
			return err
		}
	}
	return nil
}

func fill(text string, width int) string {
	return text + strings.Repeat(" ", width-columns(text)+gap)
}

// narrowest is below what width text is not folded any more.
const narrowest = 20

// fold breaks a text into lines between its words. A word that is wider than a line has one alone.
func fold(text string, width int) []string {
	if width < narrowest {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

func findingTone(s doctor.State) Tone {
	switch s {
	case doctor.OK:
		return Good
	case doctor.Unsafe:
		return Bad
	case doctor.Warning:
		return Doubt
	default:
		return Faint
	}
}
