package console

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Screen is where output goes, and what can be done there.
type Screen struct {
	io.Writer
	Palette
	// Terminal tells that somebody looks at it.
	Terminal bool
	// Width in columns; 0: as wide as need be.
	Width int
}

// NewScreen finds out what can be done with an output. Colours are used on a terminal
// that can show them, unless the environment asks for none (NO_COLOR).
func NewScreen(out io.Writer, getenv func(string) string) Screen {
	s := Screen{Writer: out}
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.Terminal = true
	s.Palette = Palette(getenv("NO_COLOR") == "" && getenv("TERM") != "dumb")
	if width, _, err := term.GetSize(int(file.Fd())); err == nil {
		s.Width = width
	}
	return s
}
