package roostv1_test

import (
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
