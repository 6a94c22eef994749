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

// quotedName is also a text that a filter compares with.
var quotedName = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// called is a function of a filter, and matched one of those that take a pattern.
var (
	called  = regexp.MustCompile(`[a-z_][a-z0-9_]*\(`)
	matched = regexp.MustCompile(`\b(?:match|search)\(`)
)

// costly tells whether a path searches the whole document, or a large part of it, for each of its elements, or lets the document say what
// its elements are matched with. A device could then keep a processor for minutes with one message.
func costly(path *jsonpath.Path) bool {
	text := quotedName.ReplaceAllString(path.String(), `""`)
	plain, filter, _ := strings.Cut(text, "?")
	if strings.Contains(filter, "..") || strings.Count(plain, "..") > 1 {
		return true
	}
	if strings.Contains(filter, "$") && (strings.ContainsAny(filter, "*:?") || called.MatchString(filter)) {
		return true
	}
	return len(matched.FindAllString(filter, -1)) != strings.Count(filter, `, "")`)
}
