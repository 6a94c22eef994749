package console

import "fmt"

// Progress shows how far something is: on a terminal in one line, elsewhere in a line for each change.
type Progress struct {
	screen Screen
	last   string
}

// NewProgress returns a progress that has shown nothing.
func NewProgress(s Screen) *Progress { return &Progress{screen: s} }

// Show shows how far it is, unless that was shown last.
func (p *Progress) Show(text string) error {
	text = Clean(text)
	if text == p.last {
		return nil
	}
	p.last = text
	if !p.screen.Terminal {
		_, err := fmt.Fprintln(p.screen, text)
		return err
	}
	if p.screen.Width > 0 {
		text = Cut(text, p.screen.Width-1)
	}
	_, err := fmt.Fprint(p.screen, "\r"+text+"\x1b[K")
	return err
}

// End leaves what was shown last, and has what comes next begin on a line of its own.
func (p *Progress) End() {
	if p.screen.Terminal && p.last != "" {
		_, _ = fmt.Fprintln(p.screen)
	}
}
