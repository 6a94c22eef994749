package discover_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/actors/drivers/discover"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestID(t *testing.T) {
	long := strings.Repeat("x", 70)
	for _, test := range []struct {
		want  string
		parts []string
	}{
		{"modbus-10-0-0-20-1", []string{"modbus", "10.0.0.20", "1"}}, {"modbus-fe80-1", []string{"modbus", "[fe80::1]"}},
		{"device", []string{"", "///"}}, {"a_b-c", []string{"_a_b"[1:], "-c-"}}, {"Kche-1", []string{"Kche 1"}},
	} {
		if got := discover.ID(test.parts...); got != test.want {
			t.Errorf("%q: %s, want %s", test.parts, got, test.want)
		}
	}
	if a, b := discover.ID(long+"a"), discover.ID(long+"b"); a == b || len(a) != 64 {
		t.Errorf("ids of long texts: %s, %s", a, b)
	}
}

// TestDraftIsValid: ids are there once, and names too, whatever devices say of themselves.
func TestDraftIsValid(t *testing.T) {
	d := discover.NewDraft()
	long := strings.Repeat("y", 64)
	for _, id := range []string{"a", "a", "a-2", "a", long, long, long} {
		p := d.Profile(&roostv1.Profile{Id: id, Manufacturer: discover.Line("A\x00cme\r\n\xff"), Resources: []*roostv1.Resource{{Name: "v", Type: roostv1.ValueType_VALUE_TYPE_INT}}})
		d.Device(&roostv1.DeviceSpec{Id: id, Profile: p.Id, Driver: "modbus"})
		d.Annotate(p, "one")
		d.Annotate(p, "two", "three")
		if got := d.Note(p); got != "one\ntwo\nthree" {
			t.Errorf("note: %q", got)
		}
	}
	if problems := roostv1.ValidateFleet(d.Fleet); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	if d.Empty() || !discover.NewDraft().Empty() {
		t.Error("a draft does not know whether it is empty")
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", " a\r\n\tb\x00 ": "a b", "\xff\xfe": "", "Größe 5": "Größe 5", "\u2028x\u0085": "x",
		strings.Repeat("ü", 300): strings.Repeat("ü", 200) + "...",
	} {
		if got := discover.Line(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestAnyText: whatever the text, it makes an id, and names that are there once.
func TestAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9._\-]{0,80}`)).Draw(t, "text")
		if err := roostv1.CheckID("id", discover.ID(text)); err != nil {
			t.Error(err)
		}
		var names discover.Names
		taken := map[string]bool{}
		for range 3 {
			name := names.Name(text)
			if err := roostv1.CheckName("name", name); err != nil || taken[name] {
				t.Errorf("%q: %v, taken %t", name, err, taken[name])
			}
			taken[name] = true
		}
	})
}
