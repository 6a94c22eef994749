package roostv1_test

import (
	"math"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestProfileFindsByName(t *testing.T) {
	p := pump()
	if got := p.Resource("speed"); got != p.Resources[1] {
		t.Errorf("Resource(speed) = %v", got)
	}
	if got := p.Command("run"); got != p.Commands[1] {
		t.Errorf("Command(run) = %v", got)
	}
	var none *roostv1.Profile
	if p.Resource("x") != nil || p.Command("x") != nil || p.Command("set") != nil || none.Resource("x") != nil || none.Command("x") != nil {
		t.Error("found what is not there")
	}
}

func TestReadableAndWritable(t *testing.T) {
	var none *roostv1.Resource
	if none.Readable() || none.Writable() {
		t.Error("nil can be used")
	}
	tests := []struct {
		access      roostv1.Access
		read, write bool
	}{
		{roostv1.Access_ACCESS_UNSPECIFIED, true, false},
		{roostv1.Access_ACCESS_READ, true, false},
		{roostv1.Access_ACCESS_WRITE, false, true},
		{roostv1.Access_ACCESS_READ_WRITE, true, true},
	}
	for _, test := range tests {
		r := &roostv1.Resource{Access: test.access}
		if r.Readable() != test.read || r.Writable() != test.write {
			t.Errorf("%v: readable %v, writable %v", test.access, r.Readable(), r.Writable())
		}
	}
}

func TestReadback(t *testing.T) {
	p := pump()
	p.Resource("mode").Readback = "trim" // which cannot be read
	tests := map[string]*roostv1.Resource{
		"speed": p.Resource("speed"),
		"start": p.Resource("running"),
		"trim":  nil,
		"mode":  nil,
		"none":  nil,
	}
	for name, want := range tests {
		if got := p.Readback(p.Resource(name)); got != want {
			t.Errorf("Readback(%s) = %v, want %v", name, got, want)
		}
	}
}

func TestConfirms(t *testing.T) {
	exact, near := &roostv1.Resource{}, &roostv1.Resource{ReadbackTolerance: 0.5}
	tests := []struct {
		resource      *roostv1.Resource
		written, read *roostv1.Value
		want          bool
	}{
		{exact, roostv1.Int(900), roostv1.Double(900), true},
		{exact, roostv1.Int(900), roostv1.Double(900.1), false},
		{exact, roostv1.Uint(1<<53 + 1), roostv1.Double(1 << 53), false},
		{exact, roostv1.Text("on"), roostv1.Text("on"), true},
		{near, roostv1.Text("on"), roostv1.Text("off"), false},
		{near, roostv1.Int(900), roostv1.Double(900.5), true},
		{near, roostv1.Int(900), roostv1.Double(899.5), true},
		{near, roostv1.Int(900), roostv1.Double(900.6), false},
		{near, roostv1.Int(900), roostv1.Double(math.NaN()), false},
		{near, roostv1.Int(900), nil, false},
		{nil, roostv1.Int(1), roostv1.Int(1), true},
		{&roostv1.Resource{ReadbackTolerance: math.NaN()}, roostv1.Int(1), roostv1.Int(2), false},
	}
	for _, test := range tests {
		if got := test.resource.Confirms(test.written, test.read); got != test.want {
			t.Errorf("%v written, %v read, tolerance %v: %v, want %v", test.written, test.read, test.resource.GetReadbackTolerance(), got, test.want)
		}
	}
}
