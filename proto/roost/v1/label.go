package roostv1

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckLabels returns nil if a device or gateway can have these labels. The error is ErrInvalid, and
// says what is wrong with the first one that is not in order; what is the noun in it: "label".
func CheckLabels(what string, labels map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		switch v := labels[k]; {
		case labelFlaw(k) != "":
			return Errorf(ErrInvalid, "%s %.80q: %s", what, k, labelFlaw(k))
		case !utf8.ValidString(v):
			return Errorf(ErrInvalid, "%s %s: its value is not UTF-8 text", what, k)
		case strings.ContainsFunc(v, unicode.IsControl):
			return Errorf(ErrInvalid, "%s %s: its value has control characters", what, k)
		}
	}
	return nil
}

// labelFlaw says what is wrong with the key of a label; empty: nothing is.
func labelFlaw(k string) string {
	switch {
	case k == "":
		return "the key is empty"
	case strings.ContainsFunc(k, func(r rune) bool { return !isIDRune(r) && r != '.' && r != '/' }):
		return "the key has other characters than A-Z a-z 0-9 _ . / -"
	case len(k) > MaxID:
		return fmt.Sprintf("the key has %d characters, at most %d are allowed", len(k), MaxID)
	default:
		return ""
	}
}

// MatchLabels reports whether labels has every entry of selector. An empty selector
// matches everything.
func MatchLabels(selector, labels map[string]string) bool {
	for key, want := range selector {
		if got, ok := labels[key]; !ok || got != want {
			return false
		}
	}
	return true
}
