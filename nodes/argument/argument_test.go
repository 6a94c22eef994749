package argument_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/nodes/argument"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

type values = map[string]*roostv1.Value

func profile() *roostv1.Profile {
	const text, double, truth = roostv1.ValueType_VALUE_TYPE_STRING, roostv1.ValueType_VALUE_TYPE_DOUBLE, roostv1.ValueType_VALUE_TYPE_BOOL
	both := roostv1.Access_ACCESS_READ_WRITE
	return &roostv1.Profile{
		Id: "pump",
		Resources: []*roostv1.Resource{
			{Name: "speed", Description: "Speed", Type: double, Access: both},
			{Name: "mode", Type: text, Options: []string{"auto", "off"}, Access: both},
			{Name: "flow", Type: double},
		},
		Commands: []*roostv1.CommandSpec{
			{Name: "run", Description: "Run", Arguments: []*roostv1.Argument{
				{Name: "rpm", Description: "Speed", Type: double}, {Name: "name", Type: text}, {Name: "key", Type: roostv1.ValueType_VALUE_TYPE_BYTES},
				{Name: "count", Type: roostv1.ValueType_VALUE_TYPE_UINT}, {Name: "soft", Type: truth},
			}},
			{Name: "stop"},
		},
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, command string
		words         []string
		want          values
	}{
		{"none", "stop", nil, nil},
		{"every type", "run", []string{"rpm=900", "name=900", "key=0xff", "count=3", "soft=on"}, values{
			"rpm": roostv1.Double(900), "name": roostv1.Text("900"), "key": roostv1.Bytes([]byte{0xff}), "count": roostv1.Uint(3), "soft": roostv1.Bool(true),
		}},
		{"resources of set", "set", []string{"speed=1e3", "mode=auto"}, values{"speed": roostv1.Double(1000), "mode": roostv1.Text("auto")}},
		{"text with everything in it", "run", []string{"name= a=b, c ", "rpm=-1"}, values{"name": roostv1.Text(" a=b, c "), "rpm": roostv1.Double(-1)}},
		{"an empty text", "run", []string{"name="}, values{"name": roostv1.Text("")}},
		{"what is no value stays text", "run", []string{"rpm=fast", "count=-1"}, values{"rpm": roostv1.Text("fast"), "count": roostv1.Text("-1")}},
		{"what there is not stays text", "run", []string{"ramp=1"}, values{"ramp": roostv1.Text("1")}},
		{"of a command that there is not", "spin", []string{"rpm=1"}, values{"rpm": roostv1.Text("1")}},
		{"a resource that cannot be written", "set", []string{"flow=1"}, values{"flow": roostv1.Text("1")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := argument.Parse(profile(), test.command, test.words)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for want, words := range map[string][]string{
		`argument "900" is not name=value`: {"900"},
		`argument name is empty`:           {"=900"},
		`argument rpm is there twice`:      {"rpm=1", "name=x", "rpm=1"},
		`argument name "a b": character ' ' at position 2 is not one of A-Z a-z 0-9 _ . -`: {"a b=1"},
	} {
		if _, err := argument.Parse(profile(), "run", words); !errors.Is(err, roostv1.ErrInvalid) || err.Error() != want {
			t.Errorf("%q: got %v, want %s", words, err, want)
		}
	}
}

func TestCandidates(t *testing.T) {
	words := func(all []argument.Candidate) (list []string) {
		for _, c := range all {
			list = append(list, c.Word)
		}
		return list
	}
	tests := []struct {
		name string
		got  []argument.Candidate
		want []string
	}{
		{"commands", argument.Commands(profile()), []string{"run", "stop", "set"}},
		{"commands of an unknown profile", argument.Commands(nil), nil},
		{"names", argument.Candidates(profile(), "run", nil, ""), []string{"rpm=", "name=", "key=", "count=", "soft="}},
		{"names that are left", argument.Candidates(profile(), "run", []string{"rpm=1", "key=x", "x"}, "c"), []string{"name=", "count=", "soft="}},
		{"truths", argument.Candidates(profile(), "run", nil, "soft="), []string{"soft=true", "soft=false"}},
		{"options", argument.Candidates(profile(), "set", nil, "mode=a"), []string{"mode=auto", "mode=off"}},
		{"a value of many", argument.Candidates(profile(), "run", nil, "rpm=9"), nil},
		{"nothing to give", argument.Candidates(profile(), "stop", nil, ""), nil},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, words(test.got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if c := argument.Candidates(profile(), "run", nil, "")[0]; !c.Open || c.Description != "Speed" {
		t.Errorf("got %+v, want it open and described", c)
	}
}

// FuzzParse: whatever is typed becomes a command that can be sent, or an error that says why not.
func FuzzParse(f *testing.F) {
	f.Add("run", "rpm=900", "name=x")
	f.Add("set", "mode=\xff", "=")
	f.Add("run", "key=0xf", "soft=\x00")
	f.Fuzz(func(t *testing.T, command, a, b string) {
		got, err := argument.Parse(profile(), command, []string{a, b})
		if err != nil {
			if !errors.Is(err, roostv1.ErrInvalid) {
				t.Errorf("%q %q %q: %v is not ErrInvalid", command, a, b, err)
			}
			return
		}
		if len(got) != 2 {
			t.Errorf("%q %q: got %d values", a, b, len(got))
		}
		for name, v := range got {
			if v.GetKind() == nil || roostv1.CheckName("argument name", name) != nil {
				t.Errorf("%q = %v", name, v)
			}
		}
	})
}
