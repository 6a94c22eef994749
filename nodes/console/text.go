package console

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Clean makes a text one line without control characters, whoever wrote it: what does not print
// becomes a space, or U+FFFD where it was no text at all, and spaces at the ends go.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return utf8.RuneError
		case unicode.IsPrint(r):
			return r
		default:
			return ' '
		}
	}, s)
	return strings.TrimSpace(s)
}

// Cut shortens a clean text to a number of columns, at least 1; where something was cut off, it
// ends with "…".
func Cut(s string, columns int) string {
	return text.Snip(s, max(columns, 1), "…")
}

// columns is how wide a clean text is on a terminal.
func columns(s string) int { return text.StringWidthWithoutEscSequences(s) }
