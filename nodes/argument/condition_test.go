package argument_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/nodes/argument"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestCondition(t *testing.T) {
	tests := []struct {
		word string
		want *roostv1.Precondition
	}{
		{"flow=3", &roostv1.Precondition{Resource: "flow", Equals: roostv1.Double(3)}},
		{"mode=auto", &roostv1.Precondition{Resource: "mode", Equals: roostv1.Text("auto")}},
		{"mode=", &roostv1.Precondition{Resource: "mode", Equals: roostv1.Text("")}},
		{"other=a=b", &roostv1.Precondition{Resource: "other", Equals: roostv1.Text("a=b")}},
	}
	for _, test := range tests {
		got, err := argument.Condition(profile(), test.word)
		if diff := cmp.Diff(test.want, got, protocmp.Transform()); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", test.word, err, diff)
		}
	}
	for _, word := range []string{"flow", "=3", "a b=3"} {
		if got, err := argument.Condition(nil, word); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%q: got %v, %v, want ErrInvalid", word, got, err)
		}
	}
}

func TestConditions(t *testing.T) {
	words := func(beginning string) (list []string) {
		for _, c := range argument.Conditions(profile(), beginning) {
			list = append(list, c.Word)
		}
		return list
	}
	for beginning, want := range map[string][]string{
		"": {"speed=", "mode=", "flow="}, "mode=a": {"mode=auto", "mode=off"}, "speed=9": nil,
	} {
		if got := words(beginning); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", beginning, got, want)
		}
	}
}

func TestWishes(t *testing.T) {
	set, cleared, err := argument.Wishes(profile(), []string{"speed=900", "mode=", "flow="})
	if diff := cmp.Diff(values{"speed": roostv1.Double(900)}, set, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if !slices.Equal(cleared, []string{"mode", "flow"}) {
		t.Errorf("cleared: got %q", cleared)
	}
	for _, words := range [][]string{{"speed"}, {"="}, {"a b="}, {"speed=1", "speed=2"}, {"speed=1", "speed="}} {
		if _, _, err := argument.Wishes(profile(), words); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", words, err)
		}
	}
}
