package roostv1_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestMatchLabels(t *testing.T) {
	type set = map[string]string
	tests := []struct {
		name             string
		selector, labels set
		want             bool
	}{
		{"nothing asked of nothing", nil, nil, true},
		{"nothing asked", set{}, set{"a": "1"}, true},
		{"one of two", set{"a": "1"}, set{"a": "1", "b": "2"}, true},
		{"both", set{"a": "1", "b": "2"}, set{"a": "1", "b": "2"}, true},
		{"one is missing", set{"a": "1", "b": "2"}, set{"a": "1"}, false},
		{"other value", set{"a": "1"}, set{"a": "2"}, false},
		{"empty is not absent", set{"a": ""}, set{}, false},
		{"empty", set{"a": ""}, set{"a": ""}, true},
	}
	for _, test := range tests {
		if got := roostv1.MatchLabels(test.selector, test.labels); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestCheckLabels(t *testing.T) {
	for _, test := range []struct {
		key, value, want string
	}{
		{"site", "north hall", ""},
		{"plant.example/bay", "", ""},
		{"", "x", `label "": the key is empty`},
		{"a b", "x", "the key has other characters"},
		{strings.Repeat("k", 65), "x", "the key has 65 characters"},
		{"site", "a\x1b", "its value has control characters"},
		{"site", "\xff", "its value is not UTF-8 text"},
	} {
		err := roostv1.CheckLabels("label", map[string]string{test.key: test.value})
		switch {
		case test.want == "" && err != nil, test.want != "" && !errors.Is(err, roostv1.ErrInvalid):
			t.Errorf("%q=%q: got %v, want %q", test.key, test.value, err, test.want)
		case test.want != "" && !strings.Contains(err.Error(), test.want):
			t.Errorf("%q=%q: got %v, want %q", test.key, test.value, err, test.want)
		}
	}
}

func TestParseSelector(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"site=north":               {"site": "north"},
		"site=north,floor=2":       {"site": "north", "floor": "2"},
		"site=":                    {"site": ""},
		"site=a=b":                 {"site": "a=b"},
		`"site=north, east",a/b=c`: {"site": "north, east", "a/b": "c"},
	} {
		got, err := roostv1.ParseSelector(text)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
		if again, err := roostv1.ParseSelector(roostv1.FormatSelector(want)); err != nil || !maps.Equal(again, want) {
			t.Errorf("%q is written as %q, and that is %v, %v", text, roostv1.FormatSelector(want), again, err)
		}
	}
	for _, bad := range []string{"", "site", "site=a,site=b", ",", "site=a,", "=x", "a b=c", `"site=a`, "site=a\nfloor=2", "site=\xff", "site=\x01"} {
		if got, err := roostv1.ParseSelector(bad); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%q: got %v, %v, want ErrInvalid", bad, got, err)
		}
	}
}
