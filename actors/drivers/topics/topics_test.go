package topics_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/topics"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true}, {"a/b", "a/c", false}, {"a/b", "a", false}, {"a", "a/b", false},
		{"+", "a", true}, {"+", "a/b", false}, {"a/+/c", "a/b/c", true}, {"a/+/c", "a/b/d", false}, {"+/+", "/a", true}, {"+", "/a", false},
		{"#", "a/b/c", true}, {"a/#", "a", true}, {"a/#", "a/b/c", true}, {"a/#", "ab", false}, {"a/+/#", "a", false}, {"a/+/#", "a/b", true},
	} {
		if got := topics.Match(test.filter, test.topic); got != test.want {
			t.Errorf("%s matches %s: %v", test.filter, test.topic, got)
		}
	}
}

func TestRules(t *testing.T) {
	r := topics.Rules{Longest: 8, Refuse: map[string]string{"$": "it is a broker's"}}
	for _, good := range []string{"a", "/", "a/b", "a$b", "12345678"} {
		if err := r.Topic(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, wild := range []string{"+", "#", "a/+/b", "a/#"} {
		if r.Filter(wild) != nil || r.Topic(wild) == nil {
			t.Errorf("%q: as a filter %v, as a topic %v", wild, r.Filter(wild), r.Topic(wild))
		}
	}
	for _, bad := range []string{"", "$a", "123456789", "a\x00", "\xff", "a+", "a/#/b", "#a"} {
		if r.Filter(bad) == nil {
			t.Errorf("%q may be a filter", bad)
		}
	}
}

func TestPlaces(t *testing.T) {
	p := topics.Places{"name": "d", "base": ""}
	rules := topics.Rules{Longest: 100}
	for given, want := range map[string]string{
		"x/{name}/y": "", "{other}": "there is nothing called {other}", "{base}/x": "the address has none", "{name}/+": "what is written",
	} {
		k := keys.OfAddress("test", &roostv1.DeviceSpec{Address: map[string]string{"topic": given}})
		got := p.Parse(k, "topic", k.Text("topic", ""), rules.Topic)
		err := k.Problems().Err()
		switch {
		case want == "" && (err != nil || got != strings.ReplaceAll(given, "{name}", "d")):
			t.Errorf("%q is %q, %v", given, got, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", given, err, want)
		}
	}
}
