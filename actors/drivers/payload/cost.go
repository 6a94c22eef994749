package payload

import (
	"regexp"
	"strings"

	"github.com/theory/jsonpath"
)

// maxDepth is how deep objects and arrays may lie within each other. What a search with .. takes grows with its square: 18 KiB of brackets
// would keep a processor for seconds.
const maxDepth = 100

// tooDeep tells whether a document, of which it is not known whether it is JSON, is deeper than that.
func tooDeep(raw []byte) bool {
	depth, quoted, escaped := 0, false, false
	for _, char := range raw {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = char == '\\', char != '"'
		case char == '"':
			quoted = true
		case char == '{' || char == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case char == '}' || char == ']':
			depth--
		}
	}
	return false
}

var quotedName = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// costly tells whether a path searches the whole document, or a large part of it, for each of its elements. A device could then
// keep a processor for minutes with one message.
func costly(path *jsonpath.Path) bool {
	text := quotedName.ReplaceAllString(path.String(), `""`)
	plain, filter, _ := strings.Cut(text, "?")
	if strings.Contains(filter, "..") || strings.Count(plain, "..") > 1 {
		return true
	}
	return strings.Contains(filter, "$") && strings.ContainsAny(filter, "*:?")
}
