package roostv1

import (
	"encoding/csv"
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

// ParseSelector reads a selector as the command line takes it: "site=north,floor=2", with CSV's quotes around
// what has a comma in it. The error is ErrInvalid; also for a selector without any label, which would select
// everything.
func ParseSelector(text string) (map[string]string, error) {
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, Errorf(ErrInvalid, "selector %.80q is not KEY=VALUE,...", text)
	}
	selector := make(map[string]string, len(fields))
	for _, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		if _, twice := selector[key]; !ok || twice {
			return nil, Errorf(ErrInvalid, "selector %.80q is not KEY=VALUE,... with each key once", text)
		}
		selector[key] = value
	}
	return selector, CheckLabels("selector", selector)
}

// FormatSelector writes a selector in the one form, by keys, that ParseSelector reads it from.
func FormatSelector(selector map[string]string) string {
	fields := make([]string, 0, len(selector))
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		fields = append(fields, key+"="+selector[key])
	}
	var text strings.Builder
	line := csv.NewWriter(&text)
	_ = line.Write(fields) // to memory
	line.Flush()
	return strings.TrimSuffix(text.String(), "\n")
}
