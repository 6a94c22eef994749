package discover

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is how many characters are kept of what a device says of itself.
const maxLine = 200

// Line makes one line of a text that a device says of itself: without control characters, and not too long.
func Line(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxLine {
		text = strings.TrimSpace(string(runes[:maxLine])) + "..."
	}
	return text
}
