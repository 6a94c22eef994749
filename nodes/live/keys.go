package live

import (
	"context"
	"io"
)

// key is what somebody who looks at a board may ask for.
type key int

const (
	noKey key = iota
	quit
	up
	down
	pageUp
	pageDown
	top
	bottom
)

// keyOf reads one chunk of what was typed. A terminal sends what a key means in one piece; a piece
// that is not known is no key.
func keyOf(typed string) key {
	switch typed {
	case "q", "Q", "\x03", "\x04", "\x1b": // Ctrl-C, Ctrl-D, Escape
		return quit
	case "k", "\x1b[A", "\x1bOA":
		return up
	case "j", "\x1b[B", "\x1bOB":
		return down
	case "\x1b[5~", "\x02":
		return pageUp
	case "\x1b[6~", "\x06", " ":
		return pageDown
	case "g", "\x1b[H", "\x1b[1~":
		return top
	case "G", "\x1b[F", "\x1b[4~":
		return bottom
	default:
		return noKey
	}
}

// readKeys tells the keys that are typed until reading ends or ctx does.
func readKeys(ctx context.Context, in io.Reader, keys chan<- key) {
	chunk := make([]byte, 64)
	for {
		n, err := in.Read(chunk)
		if err != nil {
			return
		}
		for _, k := range split(string(chunk[:n])) {
			select {
			case keys <- k:
			case <-ctx.Done():
				return
			}
		}
	}
}

// split reads keys that came in one piece, as when they are held down: each escape sequence is
// one, and so is each character else.
func split(typed string) []key {
	var keys []key
	for len(typed) > 0 {
		n := 1
		if typed[0] == '\x1b' && len(typed) > 2 && (typed[1] == '[' || typed[1] == 'O') {
			for n = 3; n < len(typed) && typed[n-1] < '@'; n++ {
			}
		}
		if k := keyOf(typed[:n]); k != noKey {
			keys = append(keys, k)
		}
		typed = typed[n:]
	}
	return keys
}

// scrolled returns how far the view is scrolled after a key.
func scrolled(from int, k key, page, most int) int {
	switch k {
	case up:
		from--
	case down:
		from++
	case pageUp:
		from -= page
	case pageDown:
		from += page
	case top:
		from = 0
	case bottom:
		from = most
	}
	return max(0, min(from, most))
}
