package httpdev

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// place is what stands for a value in a path.
var place = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9_.-]*)\}`)

// placesIn returns the names in a path that stand for values.
func placesIn(path string) []string {
	var names []string
	for _, match := range place.FindAllStringSubmatch(path, -1) {
		if !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	return names
}

// fillPath returns a path with text in its places, escaped so that it stays within them.
func fillPath(path string, text func(name string) string) string {
	var filled strings.Builder
	from := 0
	for _, at := range place.FindAllStringSubmatchIndex(path, -1) {
		filled.WriteString(path[from:at[0]])
		value := text(path[at[2]:at[3]])
		if strings.Contains(path[:at[0]], "?") {
			filled.WriteString(url.QueryEscape(value))
		} else {
			filled.WriteString(escapeSegment(value))
		}
		from = at[1]
	}
	filled.WriteString(path[from:])
	return filled.String()
}

// escapeSegment escapes what is to be within one segment of a path. Dots are no step up.
func escapeSegment(value string) string {
	if escaped := url.PathEscape(value); strings.Trim(escaped, ".") != "" {
		return escaped
	}
	return strings.ReplaceAll(value, ".", "%2E")
}

// plain is a value as text in a path.
func plain(v *roostv1.Value) string {
	switch k := v.GetKind().(type) {
	case *roostv1.Value_String_:
		return k.String_
	case *roostv1.Value_Bytes:
		return base64.RawURLEncoding.EncodeToString(k.Bytes)
	}
	return v.Format()
}
